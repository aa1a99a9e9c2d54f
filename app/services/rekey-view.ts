import type { Failure } from '../../main/errors.ts';
import type { RunProgress } from '../../main/rekey/run.ts';
import type { CampaignStatus, RangePicture } from '../../main/rekey/state.ts';
import type { CampaignView } from '../contract/rekey.ts';

/** As many parts as a bar of the window can show apart. */
const BINS = 240;

/** What this process adds to a campaign's records. */
export interface Here {
  readonly worker: string;
  readonly progress: RunProgress | null;
  readonly working: boolean;
  readonly failure: Failure | null;
}

/** A campaign as it crosses to the window and to documents. */
export function campaignView(status: CampaignStatus, here: Here): CampaignView {
  const { id, state, params, limits, outcome, done, total, failed, left, bytes, rate, secondsLeft, ranges, workers, createdAt, updatedAt } = status;
  return {
    id,
    state,
    requestedAs: params.requestedAs,
    lus: params.lus,
    from: params.from,
    target: params.target,
    fields: params.fields ?? null,
    done,
    total,
    failed,
    left,
    bytes,
    rate,
    secondsLeft,
    ranges: { ...countRanges(ranges), bins: rangeBins(ranges.map(begunOf(status)), BINS) },
    workers: workers.map((each) => ({ ...each, here: each.worker === here.worker })),
    here: here.working ? { phase: here.progress?.phase ?? 'working', width: here.progress?.width ?? 0, waiting: here.progress?.waiting ?? null } : null,
    failure: here.failure,
    limits,
    outcome: outcomeView(outcome),
    createdAt,
    updatedAt,
  };
}

type RangeCounts = Omit<CampaignView['ranges'], 'bins'>;
type Bin = CampaignView['ranges']['bins'][number];
type Ranged = Pick<RangePicture, 'state'> & { readonly begun: number };

/** The ranges in their order, in at most `most` bins of as equal a number as can be; neighbours all in one state become one. */
export function rangeBins(ranges: readonly Ranged[], most: number): Bin[] {
  const places = Math.min(most, ranges.length);
  const bins: Bin[] = [];
  for (let place = 0; place < places; place += 1) {
    const some = ranges.slice(Math.floor((place * ranges.length) / places), Math.floor(((place + 1) * ranges.length) / places));
    const bin = { ...countRanges(some), begun: some.reduce((sum, range) => sum + range.begun, 0) };
    const before = bins.at(-1);
    const state = before === undefined || before.begun > 0 || bin.begun > 0 ? null : onlyState(before);
    if (before !== undefined && state !== null && state === onlyState(bin)) bins[bins.length - 1] = { ...before, [state]: before[state] + bin[state] };
    else bins.push(bin);
  }
  return bins;
}

/** How much of a range that is not done is behind it, if all ranges of its LU hold about as many instances. */
function begunOf({ params, ranges }: CampaignStatus): (range: RangePicture) => Ranged {
  const expected = new Map<string, number>();
  for (const lu of params.lus) {
    const planned = params.planned.rows.filter((row) => row.lu === lu).reduce((sum, row) => sum + row.instances, 0);
    expected.set(lu, Math.max(1, planned / Math.max(1, ranges.filter((range) => range.lu === lu).length)));
  }
  return ({ state, lu, rewritten, superseded }) => ({ state, begun: state === 'done' || state === 'failed' ? 0 : Math.min(1, (rewritten + superseded) / (expected.get(lu) ?? 1)) });
}

/** The state that all ranges of a bin are in; null where they differ. */
function onlyState(counts: RangeCounts): keyof RangeCounts | null {
  const states = (['done', 'running', 'failed', 'waiting'] as const).filter((state) => counts[state] > 0);
  return states.length === 1 ? (states[0] ?? null) : null;
}

function countRanges(ranges: readonly Pick<RangePicture, 'state'>[]): RangeCounts {
  const counts = { done: 0, running: 0, failed: 0, waiting: 0 };
  for (const { state } of ranges) counts[state] += 1;
  return counts;
}

function outcomeView(outcome: CampaignStatus['outcome']): CampaignView['outcome'] {
  if (outcome === null || outcome.kind === 'retried') return null;
  if (outcome.kind === 'proof') {
    const { kind, at, proven, left, failures, counted, rewritten, superseded, fields = null } = outcome;
    return { kind, at, proven, left, failures, counted, rewritten, superseded, fields };
  }
  const { kind, at, code, message, remedy, ranges } = outcome;
  return { kind, at, code, message, remedy, ranges: ranges.length };
}
