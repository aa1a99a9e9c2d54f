import type { Status } from '../../../app/contract/session.ts';
import { counted } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** What protects the keys of this profile? */
export function settingsSentence({ profile, protection, notes }: Status): SentenceText {
  if (protection.kind === 'internal') {
    return { tone: 'worry', text: `Profile ${profile.name} protects its master keys with an internal key that lies beside the data.` };
  }
  const entries = protection.entries === null ? '' : ` with ${counted(protection.entries, 'entry', 'entries')}`;
  if (notes.length > 0) return { tone: 'worry', text: `Profile ${profile.name} protects its master keys with a KeyStore${entries}, and ${notes.length === 1 ? 'one thing about this node needs' : `${counted(notes.length, 'thing')} about this node need`} you.` };
  return { tone: 'calm', text: `Profile ${profile.name} protects its master keys with a KeyStore${entries}.` };
}
