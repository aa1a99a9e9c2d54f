import { SecretBytes } from '../../secret.ts';
import { MASTER_KEY_BYTES } from '../provider.ts';
import { answerInvalid, type AwsRequest } from './errors.ts';

/** Longest CiphertextBlob in bytes (AWS KMS API Reference, Decrypt). */
export const LONGEST_CIPHERTEXT = 6144;

/** The parts of an answer that hold key material or name the key. */
interface Answer {
  readonly KeyId?: string | undefined;
  readonly Plaintext?: Uint8Array | undefined;
  readonly CiphertextBlob?: Uint8Array | undefined;
}

/** Zeroes the plain key that an answer holds. */
export function wipe(answer: Answer): void {
  if (answer.Plaintext instanceof Uint8Array) answer.Plaintext.fill(0);
}

/** Takes the plain key out of an answer, which holds zeros then. @throws AppError `KMS_ANSWER_INVALID` */
export function takePlain(answer: Answer, arn: string, request: AwsRequest): SecretBytes {
  try {
    checkKey(answer, arn, request);
    const plain = answer.Plaintext;
    if (!(plain instanceof Uint8Array) || plain.length !== MASTER_KEY_BYTES) {
      throw answerInvalid(`${plain?.length ?? 0} bytes for a key of ${MASTER_KEY_BYTES}`, request);
    }
    return SecretBytes.copyOf(plain);
  } finally {
    wipe(answer);
  }
}

/** The wrapped form of an answer. @throws AppError `KMS_ANSWER_INVALID` */
export function readWrapped(answer: Answer, arn: string, request: AwsRequest): Uint8Array {
  checkKey(answer, arn, request);
  const wrapped = answer.CiphertextBlob;
  if (!(wrapped instanceof Uint8Array) || wrapped.length <= MASTER_KEY_BYTES || wrapped.length > LONGEST_CIPHERTEXT) {
    throw answerInvalid(`${wrapped?.length ?? 0} bytes for a wrapped key`, request);
  }
  return Uint8Array.from(wrapped);
}

function checkKey(answer: Answer, arn: string, request: AwsRequest): void {
  if (answer.KeyId !== arn) throw answerInvalid('the name of another key, or none', request);
}
