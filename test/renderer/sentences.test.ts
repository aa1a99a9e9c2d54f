import { describe, expect, test } from 'vitest';
import type { Finding, Overview } from '../../app/contract/overview.ts';
import type { Status } from '../../app/contract/session.ts';
import { activateSentence } from '../../renderer/features/activate/sentence.ts';
import { auditSentence } from '../../renderer/features/audit/sentence.ts';
import { dataSentence, verificationSentence } from '../../renderer/features/data/sentence.ts';
import { keysSentence } from '../../renderer/features/keys/sentence.ts';
import { overviewSentence, startingSentence } from '../../renderer/features/overview/sentence.ts';
import { settingsSentence } from '../../renderer/features/settings/sentence.ts';
import { generation, history } from './fixtures.ts';

const live = { at: 1000, live: true, complete: true };
const overview: Overview = {
  census: live,
  instances: 658,
  readable: 658,
  generations: 3,
  byState: { active: 423, older: 235, unreadable: 0 },
  findings: [],
  latencies: [],
  activationsByDay: [],
  empty: false,
};
const warning: Finding = { id: 'x', severity: 'warning', code: 'X', what: '', evidence: '', remedy: '', action: null };
const broken = { ok: false as const, code: 'KEY_STRIPES_MISSING', message: '', remedy: '' };

describe('overview', () => {
  test('calm, with exact figures', () => {
    expect(overviewSentence(overview, 0)).toEqual({ tone: 'calm', text: 'All 658 instances are readable, 423 under the active generation and 235 under older ones.' });
  });
  test('a warning makes a worry', () => {
    const sentence = overviewSentence({ ...overview, findings: [warning] }, 0);
    expect(sentence.tone).toBe('worry');
    expect(sentence.text).toContain('One finding needs you.');
  });
  test('what can not be read comes first', () => {
    const sentence = overviewSentence({ ...overview, readable: 510, findings: [warning] }, 0);
    expect(sentence.tone).toBe('alarm');
    expect(sentence.text).toContain('148 instances of 658');
  });
  test('empty says what to do', () => expect(overviewSentence({ ...overview, empty: true }, 0).text).toContain('three steps'));
  test('figures of a census tell its age', () => {
    const stored = { at: 60_000, live: false, complete: true };
    expect(overviewSentence({ ...overview, census: stored }, 300_000).text).toMatch(/under older ones\. As counted 4 min ago, every range\.$/);
    expect(overviewSentence({ ...overview, census: { ...stored, complete: false } }, 300_000).text).toMatch(/As counted 4 min ago, not every range\.$/);
    expect(overviewSentence({ ...overview, instances: 0, readable: 0, census: { ...stored, at: null } }, 0)).toMatchObject({ tone: 'worry', text: expect.stringMatching(/Nobody has counted yet/) });
  });
});

test('the first start says how far it is', () => {
  const job = { id: '1', kind: 'import' as const, title: 'Import', state: 'running' as const, done: 212, total: 599, failed: 0, rate: 100, left: 4000, failure: null, startedAt: 0, updatedAt: 0 };
  expect(startingSentence([job]).text).toBe('The data are being imported and encrypted: 212 of 599 instances so far, about 4 s left.');
  expect(startingSentence([{ ...job, state: 'failed' }]).tone).toBe('alarm');
});

describe('master keys', () => {
  const keys = history(3, 1000, (index) => [148, 87, 423][index] ?? 0);
  test('calm', () => {
    expect(keysSentence(keys, live, 2000)).toEqual({
      tone: 'calm',
      text: '3 generations of 1 key name; masterkey_key_name was renewed just now, and 235 instances still need older generations, all of them usable.',
    });
  });
  test('one that can not be used', () => {
    const sentence = keysSentence([{ ...generation({ activatedAt: 0 }), instances: 148, failure: broken }, ...keys], live, 2000);
    expect(sentence.tone).toBe('alarm');
    expect(sentence.text).toContain('one can not be used, and 148 instances need it');
  });
  test('none active, none at all', () => {
    expect(keysSentence([generation({ activatedAt: 0 })], live, 0).tone).toBe('worry');
    expect(keysSentence([], live, 0).text).toContain('no master key yet');
  });
});

describe('data', () => {
  const coverage = { ranges: 3, counted: 3, notCovered: [], says: [] };
  const census = { at: 0, live: true, complete: true, coverage, total: 4, rows: [{ lu: 'CUSTOMER', keyDescription: 'a', instances: 3, bytes: 2048 }, { lu: 'CUSTOMER', keyDescription: 'b', instances: 1, bytes: 1024 }] };
  test('calm', () => {
    expect(dataSentence(census, new Set(['a']), new Set(['a', 'b']), 0)).toEqual({ tone: 'calm', text: '4 instances of 1 Logical Unit, 3 KiB sealed, lie under 2 generations; 75% under the active one. Counted just now.' });
  });
  test('under a key that can not be used', () => {
    expect(dataSentence(census, new Set(['a']), new Set(['a']), 0)).toEqual({ tone: 'alarm', text: '1 instance of 4 lies under a generation that can not be used now. Counted just now.' });
  });
  test('of a stored census: how old, and whether every range', () => {
    const stored = { ...census, live: false };
    const say = (more: Partial<typeof stored>) => dataSentence({ ...stored, ...more }, new Set(['a']), new Set(['a', 'b']), 240_000);
    expect(say({}).text).toMatch(/75% under the active one\. Counted 4 min ago, every range\.$/);
    expect(say({ complete: false, coverage: { ...coverage, notCovered: [{ lu: 'A', start: '', end: '', code: 'DATABASE_TIMEOUT' }] } as never })).toMatchObject({ tone: 'worry', text: expect.stringMatching(/Counted 4 min ago, but for 1 range that could not be read: there may be more\.$/) });
    expect(say({ complete: false }).text).toMatch(/not every Logical Unit: there may be more\.$/);
    expect(dataSentence({ ...stored, at: null, total: 0, rows: [] }, new Set(), new Set(), 0)).toMatchObject({ tone: 'worry', text: expect.stringMatching(/take a census/) });
  });
  test('after opening everything', () => {
    expect(verificationSentence({ checked: 658, readable: 658, unreadable: [] }).tone).toBe('calm');
    expect(verificationSentence({ checked: 658, readable: 657, unreadable: [{ lu: 'A', id: '1', code: 'X', message: '', remedy: '' }] }).text).toContain('1 instance of 658');
  });
});

test('the audit sentence names the first record that does not hold', () => {
  const whole = { records: 1234, intact: true, head: 'ff', since: Date.UTC(2026, 7, 14), broken: null };
  expect(auditSentence(whole)).toEqual({ tone: 'calm', text: '1,234 records, unbroken since 14 Aug 2026: none was changed, removed or moved.' });
  const cut = auditSentence({ ...whole, intact: false, broken: { seq: 312, code: 'AUDIT_CHAIN_BROKEN', reason: 'its hash does not cover its content.' } });
  expect(cut.tone).toBe('alarm');
  expect(cut.text).toBe('The audit chain breaks at record 312: its hash does not cover its content. Nothing from there on can be relied on.');
});

test('the activate sentence says who takes over from whom', () => {
  const plan = {
    command: '', name: 'k2_hash_key', generator: '', store: '', previous: 'k2_hash_key-1', kms: null, protection: { kind: 'internal' as const, fingerprint: '' },
    steps: [], staysReadable: [], ring: null, census: { at: 1, live: true, complete: true }, instancesUnderOlder: 1, byLu: [], nodes: [], regions: [], warnings: [],
  };
  expect(activateSentence(plan, false).text).toBe('A new generation of k2_hash_key would take over from k2_hash_key-1; 1 instance stays readable under its older generation.');
  expect(activateSentence({ ...plan, previous: null }, false).text).toContain('first generation');
  expect(activateSentence(undefined, true).text).toContain('nothing happens until it can');
});

test('an internal protection key is a worry', () => {
  const status = {
    profile: { name: 'demo', production: false, fips: false },
    protection: { kind: 'internal', location: null, fingerprint: null, entries: null, rotatedAt: null },
    notes: [],
  } as unknown as Status;
  expect(settingsSentence(status).tone).toBe('worry');
  expect(settingsSentence({ ...status, protection: { ...status.protection, kind: 'keystore', entries: 6 } })).toEqual({ tone: 'calm', text: 'Profile demo protects its master keys with a KeyStore with 6 entries.' });
});
