import type { KmsKeyState } from '../kms/acts.ts';
import type { KeyCopy } from './facts.ts';

/**
 * The state in which a copy unwraps what that version of it wrapped: the version's own where the KMS has such states and
 * told them, else the key's, which is that of the version that wraps now. `unavailable` for a version that is not there.
 * @param version null: the one that wraps now
 */
export function stateOfVersion({ state, versions }: KeyCopy, version: string | null): KmsKeyState | null {
  if (version === null || !versions.known) return state;
  const found = versions.value.find((each) => each.version === version);
  return found === undefined ? 'unavailable' : (found.state ?? state);
}
