import type { Finding, Overview } from '../contract/overview.ts';
import type { Cluster } from './cluster.ts';
import type { DataStore } from './data-store.ts';
import type { KeyList } from './key-list.ts';

const DAY_MS = 24 * 60 * 60_000;
/** NIST SP 800-57 part 1, table 1: a symmetric data-encryption key's originator-usage period is at most two years. */
const CRYPTOPERIOD_MS = 2 * 365 * DAY_MS;

/** What needs the admin, with evidence, and the figures of the first page. */
export class OverviewReport {
  readonly #cluster: Cluster;
  readonly #keys: KeyList;
  readonly #data: DataStore;

  constructor(cluster: Cluster, keys: KeyList, data: DataStore) {
    this.#cluster = cluster;
    this.#keys = keys;
    this.#data = data;
  }

  async get(): Promise<Overview> {
    const started = performance.now();
    const { keys } = await this.#keys.list();
    const databaseMs = performance.now() - started;
    const { now, unlocked } = this.#cluster;
    const known = new Set(keys.map((key) => key.description));
    const { rows: census } = await this.#data.census();
    const lost = census.filter((row) => !known.has(row.keyDescription)).reduce((sum, row) => sum + row.instances, 0);
    const count = (chosen: typeof keys): number => chosen.reduce((sum, key) => sum + key.instances, 0);
    const broken = keys.filter((key) => key.failure !== null);
    const active = count(keys.filter((key) => key.state === 'active' && key.failure === null));
    const unreadable = count(broken) + lost;
    const instances = count(keys) + lost;

    return {
      instances,
      readable: instances - unreadable,
      generations: keys.length,
      byState: { active, older: instances - unreadable - active, unreadable },
      findings: await this.#findings(keys, broken, lost),
      latencies: [{ dependency: 'System database', milliseconds: databaseMs, at: now() }],
      activationsByDay: perDay(keys.flatMap((key) => (key.activatedAt === null ? [] : [key.activatedAt]))),
      empty: instances === 0 && keys.length <= 2 && unlocked,
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
        what: `${figures(lost, 'instance')} carry a key description that the system database does not know.`,
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
        evidence: `No KeyStore is turned on for profile "${this.#cluster.profile.name}". Whoever copies the database file can open everything in it.`,
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
}

function perDay(times: readonly number[]): { day: number; activations: number }[] {
  const days = new Map<number, number>();
  for (const time of times) {
    const day = Math.floor(time / DAY_MS) * DAY_MS;
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, activations]) => ({ day, activations }));
}

function figures(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
