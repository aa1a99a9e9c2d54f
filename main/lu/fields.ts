import { openField, readFieldHeader, sealField } from '../crypto/field.ts';
import type { InstanceKeys } from './keys.ts';

/** Field level encryption: single values of an instance, sealed where they stand. */
export class Fields {
  readonly #keys: InstanceKeys;

  constructor(keys: InstanceKeys) {
    this.#keys = keys;
  }

  /**
   * Seals one value for an instance under the active generation.
   * @returns an ASCII token that names generation, LU and instance ID (see docs/formats.md).
   * @throws AppError `INPUT_INVALID` (LU or ID that can not be encoded), and what {@link InstanceKeys.active} throws.
   */
  async luEncrypt(plain: Uint8Array, lu: string, id: string): Promise<string> {
    const { description, key } = await this.#keys.active();
    return sealField(this.#keys.suite, key, { keyDescription: description, lu, instanceId: id }, plain);
  }

  /**
   * Opens a value under the generation that it names, whichever it is.
   * @param lu LU and ID that the caller expects: a value that was moved here from another instance is refused.
   * @throws AppError `FIELD_MALFORMED`, `FIELD_AUTHENTICATION_FAILED`, `ENVELOPE_ALGORITHM_UNKNOWN`, and what
   *   {@link InstanceKeys.get} throws.
   */
  async luDecrypt(encrypted: string, lu: string, id: string): Promise<Buffer> {
    const { keyDescription } = readFieldHeader(encrypted);
    return openField(await this.#keys.get(keyDescription), { lu, instanceId: id }, encrypted);
  }

  /**
   * Seals a value anew under the active generation, for the instance that it names; the plain value is zeroed.
   * @throws AppError as {@link luDecrypt} and {@link luEncrypt}.
   */
  async luRekey(encrypted: string): Promise<string> {
    const { lu, instanceId } = readFieldHeader(encrypted);
    const plain = await this.luDecrypt(encrypted, lu, instanceId);
    try {
      return await this.luEncrypt(plain, lu, instanceId);
    } finally {
      plain.fill(0);
    }
  }
}
