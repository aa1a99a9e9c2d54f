import { randomUUID } from 'node:crypto';
import { AppError } from '../../errors.ts';
import type {
  CampaignFailure,
  CampaignRange,
  CampaignRecord,
  CampaignRepository,
  CampaignState,
  InstanceRange,
  RangeProgress,
} from '../repositories.ts';
import { CampaignFailures } from './campaign-failures.ts';
import { CampaignRanges } from './campaign-ranges.ts';
import { newestRows } from './newest-rows.ts';
import type { CassandraSession, Row, Statement } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asText, asTextOrNull } from './values.ts';

const CAMPAIGN = 'id, state, params, limits, outcome, created_at, updated_at';

/**
 * `rekey_campaigns`, with `rekey_ranges` and `rekey_failures`. The campaign's own row is written last, so that whoever
 * sees it finds all its ranges; ranges without a campaign are seen by nobody.
 */
export class CassandraCampaigns implements CampaignRepository {
  readonly #session: CassandraSession;
  readonly #ranges: CampaignRanges;
  readonly #failures: CampaignFailures;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#ranges = new CampaignRanges(session);
    this.#failures = new CampaignFailures(session);
    this.#table = `${session.keyspaces.system.quoted}.rekey_campaigns`;
  }

  async create(campaign: CampaignRecord, ranges: readonly InstanceRange[]): Promise<void> {
    const { id, state, params, limits, outcome, createdAt, updatedAt } = campaign;
    const attempt = randomUUID();
    await this.#ranges.insert(id, ranges, createdAt);
    const insert = `INSERT INTO ${this.#table} (${CAMPAIGN}, ranges, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`;
    const values = [id, state, params, limits, outcome, createdAt, updatedAt, ranges.length, attempt];
    const { applied } = await settle(
      () => this.#session.conditional({ cql: insert, params: values }, 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    if (!applied) {
      throw new AppError('DATABASE_FAILED', `There is already a campaign ${id}. It is unchanged.`, 'Start the campaign again: it will take a new ID.', {
        details: { id },
      });
    }
  }

  async get(id: string): Promise<CampaignRecord | null> {
    const row = await this.#session.readOne(`SELECT ${CAMPAIGN} FROM ${this.#table} WHERE id = ?`, [id], { reach: 'global' });
    return row === null ? null : campaignOf(row);
  }

  async list(limit: number): Promise<CampaignRecord[]> {
    return newestRows(this.#session, this.#table, 'created_at', limit, (id) => this.get(id));
  }

  async setState(id: string, from: readonly CampaignState[], to: CampaignState, at: number, outcome?: string): Promise<boolean> {
    if (from.length === 0) return false;
    const attempt = randomUUID();
    const { applied } = await settle(
      () => this.#session.conditional(this.#stateChange(id, from, to, at, outcome, attempt), 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    return applied;
  }

  async setLimits(id: string, limits: string, at: number): Promise<void> {
    const set = `UPDATE ${this.#table} SET limits = ?, updated_at = ? WHERE id = ? IF EXISTS`;
    await settle(
      () => this.#session.conditional({ cql: set, params: [limits, at, id] }, 'global'),
      () => true,
    );
  }

  async ranges(id: string): Promise<CampaignRange[]> {
    const row = await this.#session.readOne(`SELECT ranges FROM ${this.#table} WHERE id = ?`, [id], { reach: 'global' });
    return row === null ? [] : this.#ranges.list(id, asNumber(row['ranges']));
  }

  async claim(id: string, seq: number, worker: string, seconds: number): Promise<CampaignRange | null> {
    return this.#ranges.claim(id, seq, worker, seconds);
  }

  async progress(id: string, seq: number, worker: string, seconds: number, progress: RangeProgress): Promise<boolean> {
    return this.#ranges.progress(id, seq, worker, seconds, progress);
  }

  async release(id: string, seq: number, worker: string): Promise<void> {
    await this.#ranges.release(id, seq, worker);
  }

  async reopen(id: string, ranges: readonly Pick<CampaignRange, 'seq' | 'cursor'>[]): Promise<void> {
    await this.#ranges.reopen(id, ranges);
  }

  async putFailure(id: string, failure: CampaignFailure): Promise<void> {
    await this.#failures.put(id, failure);
  }

  async removeFailure(id: string, lu: string, instanceId: string): Promise<void> {
    await this.#failures.remove(id, lu, instanceId);
  }

  async failures(id: string, page: { after?: { lu: string; id: string }; limit: number }): Promise<CampaignFailure[]> {
    return this.#failures.page(id, page);
  }

  #stateChange(id: string, from: readonly CampaignState[], to: CampaignState, at: number, outcome: string | undefined, attempt: string): Statement {
    const states = from.map(() => '?').join(', ');
    return {
      // The second condition only makes a refusal tell whose change stands against it.
      cql: `
        UPDATE ${this.#table} SET state = ?, updated_at = ?, attempt = ?${outcome === undefined ? '' : ', outcome = ?'} WHERE id = ?
        IF state IN (${states}) AND attempt != ?`,
      params: [to, at, attempt, ...(outcome === undefined ? [] : [outcome]), id, ...from, attempt],
    };
  }
}

function campaignOf(row: Row): CampaignRecord {
  return {
    id: asText(row['id']),
    state: asText(row['state']) as CampaignState,
    params: asText(row['params']),
    limits: asText(row['limits']),
    outcome: asTextOrNull(row['outcome']),
    createdAt: asNumber(row['created_at']),
    updatedAt: asNumber(row['updated_at']),
  };
}
