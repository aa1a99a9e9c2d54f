import type { AuditRecord, AuditRepository } from '../../main/systemdb/repositories.ts';
import type { KeyMark } from '../contract/keys.ts';
import { nameOf } from './kms-names.ts';

type TrailMark = Pick<KeyMark, 'kind'> & { readonly words: (object: string) => string };

const ofKms = (does: string) => (keyId: string): string => `KMS key ${nameOf(keyId)} ${does}`;

/** The acts that are marks of the timeline. */
const ACTS: Readonly<Record<string, TrailMark>> = {
  'keystore.rotate-protection': { kind: 'protection-rotated', words: () => 'Protection key rotated' },
  'keystore.enable': { kind: 'keystore-enabled', words: () => 'KeyStore turned on' },
  'kms.disable': { kind: 'kms-disabled', words: ofKms('disabled') },
  'kms.enable': { kind: 'kms-enabled', words: ofKms('enabled') },
  'kms.rotate': { kind: 'kms-rotated', words: ofKms('rotated') },
  'kms.schedule-deletion': { kind: 'kms-deletion-scheduled', words: ofKms('scheduled for deletion') },
  'kms.cancel-deletion': { kind: 'kms-deletion-cancelled', words: ofKms('called back from deletion') },
};

/** Records read at once. */
const WINDOW = 500;
/** Older ones are on the page Audit, and not in the timeline. */
const MOST = 2000;

interface Read {
  readonly seq: number;
  readonly hash: string;
  readonly marks: readonly KeyMark[];
  /** What is under way, by the number of its first record: the completion does not repeat what was told then. */
  readonly open: ReadonlyMap<number, AuditRecord>;
}

const NOTHING: Read = { seq: 0, hash: '', marks: [], open: new Map() };

/** What the audit trail knows of keys in time: acts that were carried out. Only what is new is read, however long the trail is. */
export class TrailMarks {
  readonly #audit: AuditRepository;
  #read: Read = NOTHING;

  constructor(audit: AuditRepository) {
    this.#audit = audit;
  }

  /** In the order of the trail, the newest {@link MOST}. @throws AppError `DATABASE_*` */
  async list(): Promise<readonly KeyMark[]> {
    const head = await this.#audit.head();
    let read = await this.#standsStill() ? this.#read : NOTHING;
    while (head !== null && read.seq < head.seq) {
      const records = await this.#audit.read(read.seq + 1, WINDOW);
      if (records.length === 0) break;
      read = withRecords(read, records);
    }
    this.#read = read;
    return read.marks;
  }

  /** Whether the last record that was read is there still: a database can be put back to an earlier time. */
  async #standsStill(): Promise<boolean> {
    const { seq, hash } = this.#read;
    if (seq === 0) return true;
    const [last] = await this.#audit.read(seq, 1);
    return last?.seq === seq && last.hash === hash;
  }
}

function withRecords(before: Read, records: readonly AuditRecord[]): Read {
  const marks = [...before.marks];
  const open = new Map(before.open);
  for (const record of records) {
    const { seq, act, outcome, completes } = record;
    const made = ACTS[act];
    if (made === undefined) continue;
    if (outcome === 'started') open.set(seq, record);
    else if (outcome === 'done') marks.push(markOf(made, record, open.get(completes ?? 0)));
    if (completes !== null) open.delete(completes);
  }
  const last = records.at(-1);
  return { seq: last?.seq ?? before.seq, hash: last?.hash ?? before.hash, marks: marks.slice(-MOST), open };
}

function markOf({ kind, words }: TrailMark, done: AuditRecord, started: AuditRecord | undefined): KeyMark {
  const { seq, at, actor, object } = done;
  const provider = fact(started, 'provider');
  const deletionAt = fact(done, 'deletionAt');
  const kms = kind.startsWith('kms-') && typeof provider === 'string' ? { provider, keyId: object, deletionAt: typeof deletionAt === 'number' ? deletionAt : null } : null;
  return { at, kind, name: null, label: words(object), actor, record: seq, rekey: null, kms };
}

/** A record that was damaged from outside tells no fact; the page Audit tells of it. */
function fact(record: AuditRecord | undefined, name: string): unknown {
  try {
    const facts: unknown = JSON.parse(record?.context ?? 'null');
    return typeof facts === 'object' && facts !== null ? (facts as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
