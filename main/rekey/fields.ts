import { sealInstance } from '../crypto/envelope.ts';
import { readFieldHeader } from '../crypto/field.ts';
import { Fields } from '../lu/fields.ts';
import { openStored } from '../lu/instances.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { StoredInstance } from '../systemdb/repositories.ts';
import type { FieldRef } from './field-ref.ts';
import { writeFieldValues, readFieldValues } from './field-values.ts';
import type { ActiveGeneration, Treatment } from './treatment.ts';

/**
 * Values of field level encryption in named columns to the active generation. An instance of which one value is none of
 * field level encryption is left as it is, whole (`FIELD_MALFORMED`); NULL is no value.
 */
export class FieldTreatment implements Treatment {
  readonly #keys: InstanceKeys;
  readonly #values: Fields;
  readonly #columns: readonly FieldRef[];

  constructor(keys: InstanceKeys, columns: readonly FieldRef[]) {
    this.#keys = keys;
    this.#values = new Fields(keys);
    this.#columns = columns;
  }

  wanted(): boolean {
    return true;
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
      plain.fill(0);
      next?.fill(0);
    }
  }
}
