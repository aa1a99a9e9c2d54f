import { SecretBytes } from '../secret.ts';
import type { Suite } from './algorithms.ts';
import { textBytes, writeText } from './encoding.ts';
import { kbkdfCounter } from './kdf.ts';
import { requireAes256 } from './key-length.ts';

/** Which LU instance the data belongs to. */
export interface InstanceRef {
  readonly lu: string;
  readonly instanceId: string;
}

/** What a derived key is for: each use has a label, and so a key, of its own. */
export const KEY_LABELS = { instance: 'FKC instance key v1', field: 'FKC field key v1' } as const;

/**
 * The key of one LU instance: KBKDF in counter mode under the master key, 256 bits, with the label
 * `FKC instance key v1` and the context u16 length || LU || u16 length || instance ID. Derived anew each time, never stored.
 * @throws AppError `SECRET_DISPOSED`, `INPUT_INVALID` (a master key that is not 256 bits long, LU or instance ID that can not be encoded)
 */
export function deriveInstanceKey(suite: Suite, masterKey: SecretBytes, lu: string, instanceId: string): SecretBytes {
  return SecretBytes.take(derivedKey(suite, masterKey, KEY_LABELS.instance, encodeInstance({ lu, instanceId })));
}

/** The two length-prefixed texts that name an instance, as KDF context and as part of additional data. */
export function encodeInstance(instance: InstanceRef): Buffer {
  const luBytes = textBytes('LU name', instance.lu);
  const idBytes = textBytes('instance ID', instance.instanceId);
  const encoded = Buffer.allocUnsafe(4 + luBytes + idBytes);
  writeText(encoded, writeText(encoded, 0, instance.lu, luBytes), instance.instanceId, idBytes);
  return encoded;
}

/** The key under `label` for an encoded instance; the caller zeroes it. */
export function derivedKey(suite: Suite, masterKey: SecretBytes, label: string, encodedInstance: Uint8Array): Uint8Array {
  requireAes256('master key', masterKey);
  return masterKey.use((key) => kbkdfCounter(suite.hash, key, label, encodedInstance, suite.keyBytes * 8));
}
