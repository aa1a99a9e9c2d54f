import { describe, expect, it } from 'vitest';
import type { Outage } from '../../app/contract/session.ts';
import { isUnread, outageMeaning, outageSentence } from '../../renderer/features/frame/outage.ts';

function outage(code: string, change: Partial<Outage> = {}): Outage {
  return {
    profile: 'eu',
    database: { kind: 'cassandra', location: '10.0.0.1:9042' },
    production: false,
    opened: false,
    silence: { since: 1_700_000_000_000, failure: { ok: false, code, message: 'No answer.', remedy: 'Start it.' } },
    ...change,
  };
}

describe('the sentence of a profile that nothing can be read of', () => {
  it.each(['DATABASE_UNREACHABLE', 'DATABASE_TIMEOUT', 'DATABASE_UNAVAILABLE'])('says that the cluster does not answer: %s', (code) => {
    expect(outageSentence(outage(code))).toEqual({ tone: 'alarm', text: 'The cluster of profile eu does not answer, so nothing can be said about its keys now.' });
  });

  it('says the same of a file as of a database', () => {
    expect(outageSentence(outage('DATABASE_UNAVAILABLE', { database: { kind: 'sqlite', location: '/k2.sqlite' } })).text).toBe('The database of profile eu does not answer, so nothing can be said about its keys now.');
  });

  it('asks for the password that no file gives', () => {
    expect(outageSentence(outage('DATABASE_PASSWORD_MISSING'))).toEqual({ tone: 'worry', text: 'Profile eu could not be opened yet: its database user needs a password.' });
  });

  it.each(['DATABASE_LOGIN_REFUSED', 'DATABASE_CORRUPT', 'PROFILE_UNKNOWN'])('does not say that it is away where it answered: %s', (code) => {
    expect(outageSentence(outage(code))).toEqual({ tone: 'alarm', text: 'Profile eu could not be opened, so nothing can be said about its keys.' });
  });

  it('says that plain keys are still in memory only where they may be', () => {
    expect(outageMeaning(outage('DATABASE_TIMEOUT'))).toMatch(/no plain key is in this console/);
    expect(outageMeaning(outage('DATABASE_TIMEOUT', { opened: true }))).toMatch(/stay in its memory until it is locked/);
  });
});

describe('a profile of which nothing was read', () => {
  it('stays so while it is asked again, and until something is read', () => {
    expect(isUnread({ data: undefined, errorUpdateCount: 0 })).toBe(false);
    expect(isUnread({ data: undefined, errorUpdateCount: 3 })).toBe(true);
    expect(isUnread({ data: {}, errorUpdateCount: 3 })).toBe(false);
  });
});
