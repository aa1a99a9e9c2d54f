import { AppError } from '../../errors.ts';
import type { KmsContext } from '../provider.ts';

/** Which form of the context a wrapped key was bound to; stored as its parameter `context`. */
export const CONTEXT_FORM = '1';

const HEAD = 'FKC-KMS-CONTEXT-1';
/** In place of a length: there is no cluster. */
const NONE = 0xffffffff;

/**
 * The additional authenticated data of form 1: the head in ASCII, then name, key description and cluster, each as its
 * length in bytes (32 bits, big-endian) and its UTF-8; no cluster is the length 0xffffffff and nothing. No two contexts
 * have the same bytes.
 * @throws AppError `INPUT_INVALID` for an empty name, description or cluster, or one that is no Unicode text
 */
export function authenticatedData({ name, description, cluster }: KmsContext): Buffer {
  const fields = [name, description, cluster];
  if (fields.some((field) => field === '' || field?.isWellFormed() === false)) {
    throw new AppError('INPUT_INVALID', 'A master key can be wrapped only for a name, a key description and, if there is one, a cluster. No KMS was asked.', 'Give each of them, or null for no cluster.');
  }
  return Buffer.concat([Buffer.from(HEAD, 'ascii'), ...fields.map(field)]);
}

function field(text: string | null): Buffer {
  const bytes = Buffer.from(text ?? '', 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text === null ? NONE : bytes.length);
  return Buffer.concat([length, bytes]);
}
