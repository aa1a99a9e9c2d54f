import type { AuditVerification } from '../../../app/contract/audit.ts';
import { counted, day, figure } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** Is the trail whole? */
export function auditSentence(proof: AuditVerification): SentenceText {
  if (proof.broken !== null || !proof.intact) {
    const where = proof.broken === null ? 'The audit chain is broken' : `The audit chain breaks at record ${figure(proof.broken.seq)}: ${proof.broken.reason.replace(/\.$/, '')}`;
    return { tone: 'alarm', text: `${where}. ${proof.broken === null ? 'Nothing in it' : 'Nothing from there on'} can be relied on.` };
  }
  if (proof.records === 0 || proof.since === null) return { tone: 'calm', text: 'The audit trail is empty: nothing has been done yet.' };
  return { tone: 'calm', text: `${counted(proof.records, 'record')}, unbroken since ${day(proof.since)}: none was changed, removed or moved.` };
}
