import type { Outage } from '../../../app/contract/session.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** What a database says, or does not say, when it is away: asking again later is all that helps. */
const AWAY: ReadonlySet<string> = new Set(['DATABASE_UNREACHABLE', 'DATABASE_TIMEOUT', 'DATABASE_UNAVAILABLE']);

/** Whether nothing was ever read of the profile since the page was loaded, although it was asked for. */
export function isUnread({ data, errorUpdateCount }: { readonly data: unknown; readonly errorUpdateCount: number }): boolean {
  return data === undefined && errorUpdateCount > 0;
}

/** Why is there nothing to see? */
export function outageSentence({ profile, database, silence }: Outage): SentenceText {
  const code = silence?.failure.code ?? '';
  if (AWAY.has(code)) {
    const what = database?.kind === 'cassandra' ? 'cluster' : 'database';
    return { tone: 'alarm', text: `The ${what} of profile ${profile} does not answer, so nothing can be said about its keys now.` };
  }
  if (code === 'DATABASE_PASSWORD_MISSING') return { tone: 'worry', text: `Profile ${profile} could not be opened yet: its database user needs a password.` };
  return { tone: 'alarm', text: `Profile ${profile} could not be opened, so nothing can be said about its keys.` };
}

/** What that means for keys and data. */
export function outageMeaning({ opened }: Outage): string {
  return opened
    ? 'Nothing was changed by this. Acts that ran wait or stop with a reason; the plain keys that this console held stay in its memory until it is locked or closed. Nodes of the platform that are live go on with the keys they hold.'
    : 'Nothing was opened or changed, and no plain key is in this console’s memory. Nodes of the platform that are live go on with the keys they hold.';
}
