import { SecretBytes } from '../../secret.ts';
import { MASTER_KEY_BYTES } from '../provider.ts';
import { crc32c } from './crc32c.ts';
import { answerInvalid, type GcpRequest } from './errors.ts';
import { type KeyName, readVersionName } from './key-name.ts';

/** Longer than any ciphertext of a master key that Cloud KMS makes. */
export const LONGEST_CIPHERTEXT = 6144;

/** google.protobuf.Int64Value, as the SDK gives it. */
interface Checksum {
  readonly value?: unknown;
}

/** The parts of EncryptResponse that count (Cloud KMS API, KeyManagementService). */
interface Encrypted {
  readonly name?: string | null;
  readonly ciphertext?: Uint8Array | string | null;
  readonly ciphertextCrc32c?: Checksum | null;
  readonly verifiedPlaintextCrc32c?: boolean | null;
  readonly verifiedAdditionalAuthenticatedDataCrc32c?: boolean | null;
}

/** The parts of DecryptResponse that count. */
interface Decrypted {
  readonly plaintext?: Uint8Array | string | null;
  readonly plaintextCrc32c?: Checksum | null;
}

/** Zeroes the plain key that an answer holds. */
export function wipe({ plaintext }: Decrypted): void {
  if (plaintext instanceof Uint8Array) plaintext.fill(0);
}

/** The wrapped form of an answer, and the version that made it. @throws AppError `KMS_ANSWER_INVALID` */
export function readEncrypted(answer: Encrypted, key: KeyName, request: GcpRequest): { readonly bytes: Uint8Array; readonly version: string } {
  const named = readVersionName(answer.name ?? '');
  if (named === null || named.key.name !== key.name) throw answerInvalid('the name of another key, or none', request);
  const { ciphertext } = answer;
  if (!(ciphertext instanceof Uint8Array) || ciphertext.length <= MASTER_KEY_BYTES || ciphertext.length > LONGEST_CIPHERTEXT) {
    throw answerInvalid(`${ciphertext?.length ?? 0} bytes for a wrapped key`, request);
  }
  // Without these Google may have wrapped other bytes than were sent ("Verifying end-to-end data integrity").
  if (answer.verifiedPlaintextCrc32c !== true || answer.verifiedAdditionalAuthenticatedDataCrc32c !== true) throw answerInvalid('no word that it verified the checksums', request);
  if (!matches(ciphertext, answer.ciphertextCrc32c)) throw answerInvalid('bytes that do not have the checksum beside them', request);
  return { bytes: Uint8Array.from(ciphertext), version: named.version };
}

/** Takes the plain key out of an answer, which holds zeros then. @throws AppError `KMS_ANSWER_INVALID` */
export function takePlain(answer: Decrypted, request: GcpRequest): SecretBytes {
  try {
    const { plaintext } = answer;
    if (!(plaintext instanceof Uint8Array) || plaintext.length !== MASTER_KEY_BYTES) throw answerInvalid(`${plaintext?.length ?? 0} bytes for a key of ${MASTER_KEY_BYTES}`, request);
    if (!matches(plaintext, answer.plaintextCrc32c)) throw answerInvalid('bytes that do not have the checksum beside them', request);
    return SecretBytes.copyOf(plaintext);
  } finally {
    wipe(answer);
  }
}

/** The SDK gives 64-bit numbers as text. */
function matches(bytes: Uint8Array, told: Checksum | null | undefined): boolean {
  const { value } = told ?? {};
  return (typeof value === 'string' || typeof value === 'number') && String(value) === String(crc32c(bytes));
}
