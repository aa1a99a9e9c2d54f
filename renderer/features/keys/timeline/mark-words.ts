import type { KeyMark } from '../../../../app/contract/keys.ts';
import { counted, exactUtc, figure } from '../../../format.ts';

/** What happened, in a few words. */
export function markTitle({ label, rekey }: KeyMark): string {
  return rekey === null ? label : `Rekey ended: ${label}`;
}

/** What that meant for the data. */
export function markAfter({ kind, rekey, kms }: KeyMark): string {
  if (rekey !== null) {
    const failures = rekey.failures === 0 ? '' : `; ${figure(rekey.failures)} could not be`;
    const proof = rekey.left === null ? 'It worked on values of named columns: its page tells what they hold.' : rekey.proven ? 'A second census found nothing left.' : `A second census found ${counted(rekey.left, 'instance')} left.`;
    return `${counted(rekey.rewritten, 'instance')} re-encrypted${failures}. ${proof}`;
  }
  switch (kind) {
    case 'kms-disabled':
      return 'From then on no node that started could read what it wraps.';
    case 'kms-enabled':
      return 'From then on nodes that started could read what it wraps.';
    case 'kms-rotated':
      return 'New wrappings have the new version; what was wrapped stays readable.';
    case 'kms-deletion-scheduled':
      return kms?.deletionAt == null ? 'Unless it is called back, it is gone after its window.' : `Unless it is called back, it is gone after ${exactUtc(kms.deletionAt)}.`;
    case 'kms-deletion-cancelled':
      return 'It stays; a key that was called back may have to be enabled.';
    case 'protection-rotated':
      return 'New generations took over under the new one; what the old one wraps stays readable.';
    case 'keystore-enabled':
      return 'New generations took over under a protection key that does not lie beside the data.';
    default:
      return '';
  }
}

/** All of it in one text, for those who listen. */
export function markWords(mark: KeyMark): string {
  return `${markTitle(mark)}, ${exactUtc(mark.at)}${mark.actor === null ? '' : ` by ${mark.actor}`}. ${markAfter(mark)}`;
}
