import { AppError } from '../../errors.ts';
import type { KmsContext } from '../provider.ts';

/** Which form of the context a wrapped key was bound to; stored as its parameter `context`. */
export const CONTEXT_FORM = '1';

const HEAD = Buffer.from('fabric-kmip-context-1\0', 'latin1');
/** Stands for the length of a cluster where there is none: no text is that long. */
const NONE = 0xffff_ffff;

/**
 * The additional authenticated data: head, then name, key description and cluster, each as its length in bytes (32 bits,
 * big-endian) and its UTF-8. No two contexts have the same bytes.
 * @throws AppError `INPUT_INVALID` for an empty name, description or cluster
 */
export function additionalData({ name, description, cluster }: KmsContext): Buffer {
  if (name === '' || description === '' || cluster === '') {
    throw new AppError('INPUT_INVALID', 'A master key can be wrapped only for a name, a key description and, if there is one, a cluster. No KMS was asked.', 'Give each of them, or null for no cluster.');
  }
  return Buffer.concat([HEAD, ...[name, description, cluster].flatMap(field)]);
}

function field(value: string | null): Buffer[] {
  const text = Buffer.from(value ?? '', 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value === null ? NONE : text.length);
  return [length, text];
}
