import type { StandingCensus } from '../../main/census/standing.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import type { GenerationView } from '../contract/keys.ts';
import type { Finding, Overview } from '../contract/overview.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { ringRisks, type ClusterMap, type RingRisk } from './cluster-map.ts';
import type { KeyList } from './key-list.ts';
import { kmsFindings } from './kms-findings.ts';
import type { KmsWatch } from './kms-watch.ts';

const DAY_MS = 24 * 60 * 60_000;
/** NIST SP 800-57 part 1, table 1: a symmetric data-encryption key's originator-usage period is at most two years. */
const CRYPTOPERIOD_MS = 2 * 365 * DAY_MS;

/** The worst first. */
const SEVERITIES: readonly Finding['severity'][] = ['critical', 'warning', 'note'];

/** What needs the admin, with evidence, and the figures of the first page. */
export class OverviewReport {
  readonly #cluster: Cluster;
  readonly #keys: KeyList;
  readonly #censuses: Censuses;
  readonly #map: ClusterMap;
  readonly #kms: KmsWatch;

  constructor(cluster: Cluster, keys: KeyList, censuses: Censuses, map: ClusterMap, kms: KmsWatch) {
    this.#cluster = cluster;
    this.#keys = keys;
    this.#censuses = censuses;
    this.#map = map;
    this.#kms = kms;
  }

  async get(): Promise<Overview> {
    this.#kms.touch();
    const started = performance.now();
    const { keys } = await this.#keys.list();
    const databaseMs = performance.now() - started;
    const { now, unlocked } = this.#cluster;
    const known = new Set(keys.map((key) => key.description));
    const standing = await this.#censuses.standing();
    const lost = standing.rows.filter((row) => !known.has(row.keyDescription)).reduce((sum, row) => sum + row.instances, 0);
    const count = (chosen: typeof keys): number => chosen.reduce((sum, key) => sum + key.instances, 0);
    const broken = keys.filter((key) => key.failure !== null);
    const active = count(keys.filter((key) => key.state === 'active' && key.failure === null));
    const unreadable = count(broken) + lost;
    const instances = count(keys) + lost;

    return {
      census: censusState(standing),
      instances,
      readable: instances - unreadable,
      generations: keys.length,
      byState: { active, older: instances - unreadable - active, unreadable },
      findings: [...(await this.#findings(keys, broken, lost)), ...kmsFindings(await this.#kms.keys(), this.#kms.endpoints), ...censusFindings(standing)].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)),
      latencies: [
        { dependency: 'System database', milliseconds: databaseMs, at: now() },
        ...this.#kms.endpoints.flatMap(({ provider, location, latency: { medianMs } }) => (medianMs === null ? [] : [{ dependency: `${provider} ${location}`, milliseconds: medianMs, at: now() }])),
      ],
      activationsByDay: perDay(keys.flatMap((key) => (key.activatedAt === null ? [] : [key.activatedAt]))),
      empty: standing.at !== null && instances === 0 && keys.length <= 2 && unlocked,
    };
  }

  async #findings(keys: Awaited<ReturnType<KeyList['list']>>['keys'], broken: typeof keys, lost: number): Promise<Finding[]> {
    const findings: Finding[] = broken.map((key) => ({
      id: `unreadable:${key.description}`,
      severity: 'critical',
      code: key.failure?.code ?? 'INTERNAL',
      what: `${figures(key.instances, 'instance')} can not be read: generation ${key.description} can not be unwrapped.`,
      evidence: key.failure?.message ?? '',
      remedy: key.failure?.remedy ?? '',
      action: { label: 'Show the key', to: `/keys/${encodeURIComponent(key.description)}` },
    }));
    if (lost > 0) {
      findings.push({
        id: 'unknown-keys',
        severity: 'critical',
        code: 'KEY_DESCRIPTION_UNKNOWN',
        what: `${figures(lost, 'instance')} ${lost === 1 ? 'carries' : 'carry'} a key description that the system database does not know.`,
        evidence: 'Census: key descriptions without facts.',
        remedy: 'Restore the missing key facts and stripes from a backup of the system database.',
        action: { label: 'Show the data', to: '/data' },
      });
    }
    if (this.#cluster.profile.keystore === null && keys.length > 0) {
      findings.push({
        id: 'internal-protection',
        severity: 'warning',
        code: 'PROTECTION_KEY_INTERNAL',
        what: 'The protection key lies in the same database as the data that it protects.',
        evidence: `No KeyStore is turned on for profile "${this.#cluster.profile.name}". Whoever copies the ${this.#cluster.profile.cassandra === null ? 'database file' : 'system database'} can open everything in it.`,
        remedy: 'Turn a Java KeyStore on; the master keys are then regenerated under it.',
        action: { label: 'Turn the KeyStore on', to: '/settings' },
      });
    }
    const now = this.#cluster.now();
    for (const key of keys.filter((candidate) => candidate.state === 'active' && now - (candidate.activatedAt ?? now) > CRYPTOPERIOD_MS)) {
      findings.push({
        id: `cryptoperiod:${key.description}`,
        severity: 'warning',
        code: 'KEY_PAST_CRYPTOPERIOD',
        what: `The active generation of ${key.name} is older than two years.`,
        evidence: `Activated ${new Date(key.activatedAt ?? 0).toISOString()}; NIST SP 800-57 advises at most two years of use.`,
        remedy: `Activate a new generation: activatekey name='${key.name}'`,
        action: { label: 'Activate new key', to: `/activate?name=${encodeURIComponent(key.name)}` },
      });
    }
    findings.push(...(await this.#ringFindings(keys.filter(({ state }) => state === 'active'))));
    const orphans = keys.filter((key) => key.state === 'pre-active' && key.instances === 0);
    if (orphans.length > 0) {
      findings.push({
        id: 'orphans',
        severity: 'note',
        code: 'KEY_ORPHANS',
        what: `${figures(orphans.length, 'generation')} never became active: an activation was cut off.`,
        evidence: orphans.map((key) => key.description).join(', '),
        remedy: 'Nothing is encrypted under them; remove them.',
        action: { label: 'Show the keys', to: '/keys' },
      });
    }
    for (const note of this.#cluster.notes()) {
      findings.push({
        id: 'stale-keystore',
        severity: 'warning',
        code: 'KEYSTORE_COPY_STALE',
        what: "This node's KeyStore copy is stale.",
        evidence: note,
        remedy: 'Copy the newest KeyStore file from the node that activated last.',
        action: null,
      });
    }
    return findings;
  }

  /** Where the stripes of active generations lie, when that is a worry: one finding for each way, with every key that it concerns. */
  async #ringFindings(active: readonly GenerationView[]): Promise<Finding[]> {
    const concerned = new Map<string, { risk: RingRisk; keys: GenerationView[] }>();
    for (const key of active) {
      const ring = await this.#map.ringOf(key.description, key.stripes);
      for (const risk of ring === null ? [] : ringRisks(ring)) {
        const { keys } = concerned.get(risk.evidence) ?? { keys: [] };
        concerned.set(risk.evidence, { risk, keys: [...keys, key] });
      }
    }
    return [...concerned.values()].map(({ risk, keys }) => ({
      id: `ring:${risk.means}:${keys[0]?.description ?? ''}`,
      severity: 'warning',
      code: 'KEY_STRIPES_PLACED_BADLY',
      what: `${risk.means} ${listed(keys.map(({ name }) => name))}.`,
      evidence: risk.evidence,
      remedy: risk.remedy,
      action: { label: 'Show the ring', to: `/keys/${encodeURIComponent((keys.find(({ name }) => name === LUI_KEY_NAME) ?? keys[0])?.description ?? '')}` },
    }));
  }
}

/** What the census itself worries about. */
function censusFindings({ at, complete, parts, notCovered, deep }: StandingCensus): Finding[] {
  const action = { label: 'Show the census', to: '/data' };
  const findings: Finding[] = [];
  if (deep !== null && deep.findings > 0) {
    findings.push({
      id: `census-deep:${deep.id}`,
      severity: 'critical',
      code: Object.keys(deep.byCode)[0] ?? 'INTERNAL',
      what: `${figures(deep.findings, 'instance')} failed the deep census.`,
      evidence: Object.entries(deep.byCode)
        .map(([code, count]) => `${code}: ${count.toLocaleString('en-US')}`)
        .join(', ')
        .concat('.'),
      remedy: `The list says which, and what to do for each. Then take a deep census that authenticates as much (${percentage(deep.share)}): one that looks at less settles nothing.`,
      action,
    });
  }
  if (at === null) {
    findings.push({
      id: 'census-missing',
      severity: 'warning',
      code: 'CENSUS_MISSING',
      what: 'Nobody has counted yet which data needs which key.',
      evidence: 'No census of this cluster is stored.',
      remedy: 'Take one; it reads no content, and can be paused.',
      action,
    });
  } else if (notCovered.length > 0) {
    const ranges = parts.reduce((sum, part) => sum + part.ranges, 0);
    findings.push({
      id: 'census-incomplete',
      severity: 'warning',
      code: notCovered[0]?.code ?? 'INTERNAL',
      what: `The census could not read ${notCovered.length.toLocaleString('en-US')} of ${figures(ranges, 'range')}: its figures may be too low.`,
      evidence: [...new Set(notCovered.map((gap) => `${gap.lu} (${gap.code})`))].join(', ').concat('.'),
      remedy: 'Take it again once the database answers.',
      action,
    });
  } else if (!complete) {
    findings.push({
      id: 'census-partial',
      severity: 'warning',
      code: 'CENSUS_PARTIAL',
      what: `Only ${listed(parts.map(({ lu }) => lu))} ${parts.length === 1 ? 'was' : 'were'} counted: nobody knows yet which other data needs which key.`,
      evidence: 'No census of every Logical Unit of this cluster is stored.',
      remedy: 'Take one; it reads no content, and can be paused.',
      action,
    });
  }
  return findings;
}

/** `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function perDay(times: readonly number[]): { day: number; activations: number }[] {
  const days = new Map<number, number>();
  for (const time of times) {
    const day = Math.floor(time / DAY_MS) * DAY_MS;
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, activations]) => ({ day, activations }));
}

function percentage(share: number): string {
  return `${(share * 100).toLocaleString('en-US')}%`;
}

function figures(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
