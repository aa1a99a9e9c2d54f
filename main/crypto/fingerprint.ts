import type { SecretBytes } from '../secret.ts';
import { hmac } from './hmac.ts';

const MESSAGE = Buffer.from('FKC key fingerprint v1', 'latin1');
const BYTES = 8;

/**
 * A check value that tells keys apart and says nothing about them: the first 8 bytes of HMAC-SHA-512, keyed by the key,
 * over a fixed text; as hex in groups of four: `a1b2-c3d4-e5f6-0718`. The same in every suite.
 * @throws AppError `SECRET_DISPOSED`
 */
export function fingerprintOf(key: SecretBytes): string {
  const mac = key.use((bytes) => hmac('sha512', bytes, MESSAGE));
  const hex = Buffer.from(mac.buffer, mac.byteOffset, BYTES).toString('hex');
  return `${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}`;
}
