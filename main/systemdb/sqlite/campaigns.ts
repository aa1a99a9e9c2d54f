import type {
  CampaignFailure,
  CampaignRange,
  CampaignRecord,
  CampaignRepository,
  CampaignState,
  InstanceRange,
  RangeProgress,
  RangeState,
} from '../repositories.ts';
import { believableEnd, endOf } from './lease-time.ts';
import type { Row, Session } from './session.ts';
import { parseStored } from './stored-json.ts';

const CAMPAIGN = 'id, state, params, limits, outcome, created_at AS createdAt, updated_at AS updatedAt';

const INSERT_RANGE = `
  INSERT INTO rekey_ranges
    (campaign, seq, lu, start_bound, end_bound, nodes, state, cursor, passed, rewritten, superseded, failed, bytes, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, 'waiting', NULL, 0, 0, 0, 0, 0, ?)`;

const LEASE = `
  SELECT state, worker, lease_seconds AS seconds, lease_ends_at AS endsAt
  FROM rekey_ranges WHERE campaign = ? AND seq = ?`;

const ONE = 'SELECT * FROM rekey_ranges WHERE campaign = ? AND seq = ?';

const GIVE = 'UPDATE rekey_ranges SET worker = ?3, lease_seconds = ?4, lease_ends_at = ?5 WHERE campaign = ?1 AND seq = ?2';

const PROGRESS = `
  UPDATE rekey_ranges SET
    state = ?5, cursor = ?6, passed = ?7, rewritten = ?8, superseded = ?9, failed = ?10, bytes = ?11, updated_at = ?12,
    worker = ?13, lease_seconds = ?14, lease_ends_at = ?15
  WHERE campaign = ?1 AND seq = ?2 AND worker = ?3 AND lease_ends_at > ?4`;

const REOPEN = `
  UPDATE rekey_ranges SET
    state = 'waiting', cursor = ?3, passed = 0, failed = 0,
    worker = NULL, lease_seconds = NULL, lease_ends_at = NULL
  WHERE campaign = ?1 AND seq = ?2`;

interface RangeLease {
  readonly state: RangeState;
  readonly worker: string | null;
  readonly seconds: number | null;
  readonly endsAt: number | null;
}

/** `rekey_campaigns`, `rekey_ranges` and `rekey_failures`; who holds a range is decided by the clock of this machine. */
export class SqliteCampaigns implements CampaignRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async create(campaign: CampaignRecord, ranges: readonly InstanceRange[]): Promise<void> {
    const insert = `
      INSERT INTO rekey_campaigns (id, state, params, limits, outcome, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`;
    const { id, state, params, limits, outcome, createdAt, updatedAt } = campaign;
    await this.#session.transaction(() => {
      this.#session.statement(insert).run(id, state, params, limits, outcome, createdAt, updatedAt);
      const insertRange = this.#session.statement(INSERT_RANGE);
      ranges.forEach(({ lu, start, end, nodes }, seq) => insertRange.run(id, seq, lu, start, end, JSON.stringify(nodes), createdAt));
    });
  }

  async get(id: string): Promise<CampaignRecord | null> {
    const one = `SELECT ${CAMPAIGN} FROM rekey_campaigns WHERE id = ?`;
    return this.#session.run(() => (this.#session.statement(one).get(id) as CampaignRecord | undefined) ?? null);
  }

  async list(limit: number): Promise<CampaignRecord[]> {
    const newest = `SELECT ${CAMPAIGN} FROM rekey_campaigns ORDER BY created_at DESC, id DESC LIMIT ?`;
    return this.#session.run(() => this.#session.statement(newest).all(limit) as unknown as CampaignRecord[]);
  }

  async setState(id: string, from: readonly CampaignState[], to: CampaignState, at: number, outcome?: string): Promise<boolean> {
    const set = `
      UPDATE rekey_campaigns SET state = ?3, updated_at = ?4, outcome = coalesce(?5, outcome)
      WHERE id = ?1 AND state IN (SELECT value FROM json_each(?2))`;
    return this.#session.run(
      () => this.#session.statement(set).run(id, JSON.stringify(from), to, at, outcome ?? null).changes === 1,
    );
  }

  async setLimits(id: string, limits: string, at: number): Promise<void> {
    await this.#session.run(() => {
      this.#session.statement('UPDATE rekey_campaigns SET limits = ?, updated_at = ? WHERE id = ?').run(limits, at, id);
    });
  }

  async ranges(id: string): Promise<CampaignRange[]> {
    const all = 'SELECT * FROM rekey_ranges WHERE campaign = ? ORDER BY seq';
    return this.#session.run(() => {
      const now = Date.now();
      return this.#session
        .statement(all)
        .all(id)
        .map((row) => this.#range(row, now));
    });
  }

  async claim(id: string, seq: number, worker: string, seconds: number): Promise<CampaignRange | null> {
    return this.#session.transaction(() => {
      const now = Date.now();
      const found = this.#session.statement(LEASE).get(id, seq) as RangeLease | undefined;
      if (found?.state !== 'waiting') {
        return null;
      }
      const { worker: holder, seconds: given, endsAt } = found;
      if (holder !== null && holder !== worker && given !== null && endsAt !== null && endsAt > now) {
        const end = believableEnd({ seconds: given, endsAt }, now);
        if (end < endsAt) {
          this.#session.statement(GIVE).run(id, seq, holder, given, end);
        }
        return null;
      }
      this.#session.statement(GIVE).run(id, seq, worker, seconds, endOf(seconds, now));
      return this.#range(this.#session.statement(ONE).get(id, seq) as Row, now);
    });
  }

  async progress(id: string, seq: number, worker: string, seconds: number, progress: RangeProgress): Promise<boolean> {
    const { state, cursor, passed, rewritten, superseded, failed, bytes, updatedAt } = progress;
    return this.#session.run(() => {
      const now = Date.now();
      const lease = state === 'waiting' ? [worker, seconds, endOf(seconds, now)] : [null, null, null];
      const written = this.#session
        .statement(PROGRESS)
        .run(id, seq, worker, now, state, cursor, passed, rewritten, superseded, failed, bytes, updatedAt, ...lease);
      return written.changes === 1;
    });
  }

  async release(id: string, seq: number, worker: string): Promise<void> {
    const give = `
      UPDATE rekey_ranges SET worker = NULL, lease_seconds = NULL, lease_ends_at = NULL
      WHERE campaign = ? AND seq = ? AND worker = ?`;
    await this.#session.run(() => {
      this.#session.statement(give).run(id, seq, worker);
    });
  }

  async reopen(id: string, ranges: readonly Pick<CampaignRange, 'seq' | 'cursor'>[]): Promise<void> {
    await this.#session.transaction(() => {
      const reopen = this.#session.statement(REOPEN);
      ranges.forEach(({ seq, cursor }) => reopen.run(id, seq, cursor));
    });
  }

  async putFailure(id: string, failure: CampaignFailure): Promise<void> {
    const put = `
      INSERT OR REPLACE INTO rekey_failures (campaign, lu, id, key_description, code, message, remedy, at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
    const { lu, id: instanceId, keyDescription, code, message, remedy, at } = failure;
    await this.#session.run(() => {
      this.#session.statement(put).run(id, lu, instanceId, keyDescription, code, message, remedy, at);
    });
  }

  async removeFailure(id: string, lu: string, instanceId: string): Promise<void> {
    const remove = 'DELETE FROM rekey_failures WHERE campaign = ? AND lu = ? AND id = ?';
    await this.#session.run(() => {
      this.#session.statement(remove).run(id, lu, instanceId);
    });
  }

  async failures(id: string, page: { after?: { lu: string; id: string }; limit: number }): Promise<CampaignFailure[]> {
    const { after, limit } = page;
    const sql = `
      SELECT lu, id, key_description AS keyDescription, code, message, remedy, at FROM rekey_failures
      WHERE campaign = ? ${after === undefined ? '' : 'AND (lu, id) > (?, ?)'} ORDER BY lu, id LIMIT ?`;
    const place = after === undefined ? [] : [after.lu, after.id];
    return this.#session.run(() => this.#session.statement(sql).all(id, ...place, limit) as unknown as CampaignFailure[]);
  }

  #range(row: Row, now: number): CampaignRange {
    return {
      seq: row['seq'] as number,
      range: {
        lu: row['lu'] as string,
        start: row['start_bound'] as string,
        end: row['end_bound'] as string,
        nodes: parseStored(row['nodes'], this.#session.file) as string[],
      },
      state: row['state'] as RangeState,
      cursor: row['cursor'] as string | null,
      passed: row['passed'] as number,
      rewritten: row['rewritten'] as number,
      superseded: row['superseded'] as number,
      failed: row['failed'] as number,
      bytes: row['bytes'] as number,
      updatedAt: row['updated_at'] as number,
      worker: ((row['lease_ends_at'] as number | null) ?? 0) > now ? (row['worker'] as string) : null,
    };
  }
}
