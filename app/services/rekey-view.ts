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
    ranges: { ...countRanges(ranges), bins: rangeBins(ranges, BINS) },
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

/** The ranges in their order, in at most `most` bins of as equal a number as can be; neighbours all in one state become one. */
export function rangeBins(ranges: readonly Pick<RangePicture, 'state'>[], most: number): RangeCounts[] {
  const places = Math.min(most, ranges.length);
  const bins: RangeCounts[] = [];
  for (let place = 0; place < places; place += 1) {
    const bin = countRanges(ranges.slice(Math.floor((place * ranges.length) / places), Math.floor(((place + 1) * ranges.length) / places)));
    const before = bins.at(-1);
    const state = before === undefined ? null : onlyState(before);
    if (before !== undefined && state !== null && state === onlyState(bin)) bins[bins.length - 1] = { ...before, [state]: before[state] + bin[state] };
    else bins.push(bin);
  }
  return bins;
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
  if (outcome === null) return null;
  if (outcome.kind === 'proof') {
    const { kind, at, proven, left, failures, counted, rewritten, superseded } = outcome;
    return { kind, at, proven, left, failures, counted, rewritten, superseded };
  }
  const { kind, at, code, message, remedy } = outcome;
  return { kind, at, code, message, remedy };
}
