import type { CampaignFailure } from '../repositories.ts';
import { now } from './clock.ts';
import type { CassandraSession, Row } from './session.ts';
import { asNumber, asText } from './values.ts';

const FAILURE = 'lu, instance_id, key_description, code, message, remedy, at';

/** `rekey_failures`: instances that a campaign left as they were, one partition for each campaign. */
export class CampaignFailures {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.rekey_failures`;
  }

  async put(campaign: string, failure: CampaignFailure): Promise<void> {
    const { lu, id, keyDescription, code, message, remedy, at } = failure;
    await this.#session.write(
      `INSERT INTO ${this.#table} (campaign, ${FAILURE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [campaign, lu, id, keyDescription, code, message, remedy, at],
      { reach: 'global' },
    );
  }

  async remove(campaign: string, lu: string, id: string): Promise<void> {
    const one = 'WHERE campaign = ? AND lu = ? AND instance_id = ?';
    const place = [campaign, lu, id];
    const row = await this.#session.readOne(`SELECT writetime(at) AS written FROM ${this.#table} ${one}`, place, { reach: 'global' });
    if (row === null) return;
    // What a machine with a clock that is ahead wrote would outlive a removal at this machine's time.
    const time = BigInt(Math.max(now(), asNumber(row['written']) + 1));
    await this.#session.write(`DELETE FROM ${this.#table} USING TIMESTAMP ? ${one}`, [time, ...place], { reach: 'global' });
  }

  async page(campaign: string, { after, limit }: { after?: { lu: string; id: string }; limit: number }): Promise<CampaignFailure[]> {
    const behind = after === undefined ? '' : 'AND (lu, instance_id) > (?, ?)';
    const rows = await this.#session.readAll(
      `SELECT ${FAILURE} FROM ${this.#table} WHERE campaign = ? ${behind} LIMIT ?`,
      [campaign, ...(after === undefined ? [] : [after.lu, after.id]), limit],
      { reach: 'global' },
    );
    return rows.map(failureOf);
  }
}

function failureOf(row: Row): CampaignFailure {
  return {
    lu: asText(row['lu']),
    id: asText(row['instance_id']),
    keyDescription: asText(row['key_description']),
    code: asText(row['code']),
    message: asText(row['message']),
    remedy: asText(row['remedy']),
    at: asNumber(row['at']),
  };
}
