import { sealInstance } from '../crypto/envelope.ts';
import { readFieldHeader } from '../crypto/field.ts';
import { discard } from '../crypto/release.ts';
import { Fields } from '../lu/fields.ts';
import { openStored } from '../lu/instances.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { StoredInstance } from '../systemdb/repositories.ts';
import { CampaignKeys } from './campaign-keys.ts';
import type { FieldRef } from './field-ref.ts';
import { writeFieldValues, readFieldValues } from './field-values.ts';
import type { ActiveGeneration, Treatment } from './treatment.ts';

/**
 * Values of field level encryption in named columns to the active generation. An instance of which one value is none of
 * field level encryption is left as it is, whole (`FIELD_MALFORMED`); NULL is no value. Instances under a generation that
 * the plan left out stay as they are.
 */
export class FieldTreatment implements Treatment {
  readonly #keys: InstanceKeys;
  readonly #values: Fields;
  readonly #columns: readonly FieldRef[];
  readonly #leftOut: ReadonlySet<string>;

  constructor(keys: InstanceKeys, columns: readonly FieldRef[], leftOut: readonly string[] = []) {
    this.#keys = new CampaignKeys(keys);
    this.#values = new Fields(this.#keys);
    this.#columns = columns;
    this.#leftOut = new Set(leftOut);
  }

  wanted(keyDescription: string): boolean {
    return !this.#leftOut.has(keyDescription);
  }

  async reseal(stored: StoredInstance, active: ActiveGeneration, counts: Map<string, number> = new Map()): Promise<Buffer | null> {
    const { lu, id } = stored;
    const plain = await openStored(this.#keys, stored);
    let next: Uint8Array | null = null;
    try {
      const columns = this.#columns.filter((column) => column.lu === lu);
      const renewed = new Map<string, string>();
      for (const value of readFieldValues(plain, columns)) {
        const { keyDescription } = readFieldHeader(value);
        if (renewed.has(value) || keyDescription === active.description) continue;
        renewed.set(value, await this.#values.luRekey(value));
        counts.set(keyDescription, (counts.get(keyDescription) ?? 0) + 1);
      }
      if (renewed.size === 0) return null;
      next = writeFieldValues(plain, columns, renewed);
      return sealInstance(this.#keys.suite, active.key, { keyDescription: active.description, lu, instanceId: id }, next);
    } finally {
      discard(plain);
      if (next !== null) discard(next);
    }
  }
}
