import { AppError } from '../../errors.ts';
import type { KmsContext } from '../provider.ts';

/** Which form of the context a wrapped key was bound to; stored as its parameter `context`. */
export const CONTEXT_FORM = '1';

/**
 * The encryption context (AWS KMS Developer Guide, "Encryption context"): authenticated, not encrypted, and written into
 * CloudTrail. Its keys can be used in policies, as `kms:EncryptionContext:fabric-cluster`.
 * @throws AppError `INPUT_INVALID` for an empty name, description or cluster
 */
export function encryptionContext({ name, description, cluster }: KmsContext): Record<string, string> {
  if (name === '' || description === '' || cluster === '') {
    throw new AppError('INPUT_INVALID', 'A master key can be wrapped only for a name, a key description and, if there is one, a cluster. No KMS was asked.', 'Give each of them, or null for no cluster.');
  }
  return { 'fabric-name': name, 'fabric-key-description': description, ...(cluster === null ? {} : { 'fabric-cluster': cluster }) };
}
