import { describe, expect, test } from 'vitest';
import { rekeyLimits, type CampaignView, type RekeyNeeds } from '../../app/contract/rekey.ts';
import { readColumns } from '../../renderer/features/rekey/columns.ts';
import { bytesInWords, limitsWith, rateInWords, SCALES, stepOf, type LimitName } from '../../renderer/features/rekey/rates.ts';
import { conditionInWords, emptySchedule, scheduleMistakes, scheduleOf, timeInWords, whatInWords } from '../../renderer/features/rekey/schedule-fields.ts';
import { campaignPace, campaignSentence, rangesInWords, rekeySentence } from '../../renderer/features/rekey/sentence.ts';

const NOW = 1_800_000_000_000;
const LIVE = { at: NOW, live: true, complete: true };

function needs(change: Partial<RekeyNeeds> = {}): RekeyNeeds {
  return { older: 212, total: 659, generations: 2, active: 'key-3', census: LIVE, ...change };
}

function failed(ranges: number): CampaignView['outcome'] {
  return { kind: 'failure', at: NOW, code: 'DATABASE_FAILED', message: 'It failed.', remedy: 'Retry it.', ranges };
}

function campaign(change: Partial<CampaignView> = {}): CampaignView {
  return {
    id: 'c', state: 'running', requestedAs: 'everything', lus: ['CUSTOMER'], from: ['key-1'], target: 'key-3', fields: null,
    done: 100, total: 212, failed: 0, left: 112, bytes: 1, rate: 40, secondsLeft: 9,
    ranges: { done: 3, running: 1, failed: 0, waiting: 12, bins: [] },
    workers: [{ worker: 'w', ranges: 1, lastBeat: NOW, here: false }], here: null, failure: null,
    limits: { instancesPerSecond: null, mebibytesPerSecond: null, concurrency: 32 }, outcome: null, createdAt: NOW - 5_000, updatedAt: NOW,
    ...change,
  };
}

const proof = (left: number, proven: boolean): CampaignView['outcome'] => ({ kind: 'proof', at: NOW, proven, left: left === 0 ? [] : [{ lu: 'CUSTOMER', keyDescription: 'key-1', instances: left, bytes: 1 }], failures: left, counted: 659, rewritten: 212 - left, superseded: 0, fields: null });

type Fields = Extract<NonNullable<CampaignView['outcome']>, { kind: 'proof' }>['fields'];
const column = { lu: 'CUSTOMER', table: 'person', column: 'ssn' };
const fieldProof = (change: Partial<NonNullable<Fields>> = {}): CampaignView['outcome'] => ({ kind: 'proof', at: NOW, proven: false, left: [], failures: 0, counted: 659, rewritten: 212, superseded: 0, fields: { columns: [{ ...column, keyDescription: 'key-3', instances: 212, values: 240 }], left: 0, unread: 0, renewed: [{ keyDescription: 'key-1', values: 240 }], failed: [], ...change } });

describe('the sentence of the rekey page', () => {
  test.each<[string, readonly CampaignView[], RekeyNeeds, string, string]>([
    ['nothing to do', [], needs({ older: 0, generations: 0 }), 'calm', 'No instance needs an older generation: all 659 are under the active one.'],
    ['something to do', [], needs(), 'calm', '212 of 659 instances are under 2 older generations, and nothing re-encrypts them.'],
    ['one instance', [], needs({ older: 1, generations: 1 }), 'calm', '1 of 659 instances is under 1 older generation, and nothing re-encrypts them.'],
    ['at work', [campaign()], needs(), 'calm', '212 of 659 instances are under 2 older generations; a campaign is re-encrypting, about 9 s left.'],
    ['nobody at work', [campaign({ workers: [] })], needs(), 'worry', '212 of 659 instances are under 2 older generations; a campaign is running but no process works on it.'],
    ['paused', [campaign({ state: 'paused', workers: [] })], needs(), 'worry', '212 of 659 instances are under 2 older generations; a campaign is paused.'],
    ['not counted', [], needs({ older: 0, total: 0, census: { at: null, live: false, complete: false } }), 'worry', 'Nobody has counted yet which instances are under older generations: take a census first.'],
    ['empty', [], needs({ older: 0, total: 0 }), 'calm', 'Nothing is stored here yet, so nothing needs an older generation.'],
  ])('%s', (_, campaigns, given, tone, text) => expect(rekeySentence({ campaigns, needs: given }, NOW)).toEqual({ tone, text }));
});

describe('the sentence of a campaign over field values', () => {
  const done = (outcome: CampaignView['outcome'], failed = 0): CampaignView => campaign({ state: 'done', fields: [column], from: [], workers: [], failed, outcome });
  const older = { ...column, keyDescription: 'key-1', instances: 1, values: 2 };
  test.each<[string, CampaignView, string, string]>([
    ['all of it', done(fieldProof()), 'calm', '659 instances read anew: all 240 values in the named columns are under the active generation. Other columns were not looked at.'],
    ['some left', done(fieldProof({ columns: [older], left: 2 })), 'worry', '659 instances read anew: 2 of 2 values in the named columns are under an older generation.'],
    ['some not read', done(fieldProof({ unread: 1 }), 1), 'worry', '659 instances read anew: of 1 instance nobody knows what the columns hold.'],
  ])('%s', (_, given, tone, text) => expect(campaignSentence(given)).toEqual({ tone, text }));
});

describe('the sentence of a campaign', () => {
  test.each<[string, Partial<CampaignView>, string, RegExp]>([
    ['runs', {}, 'calm', /^100 of 212 instances are re-encrypted; about 9 s left\.$/],
    ['has failures', { failed: 3 }, 'worry', /; 3 could not be; about 9 s left\.$/],
    ['waits', { here: { phase: 'working', width: 1, waiting: { since: NOW, code: 'DATABASE_TIMEOUT', message: '' } } }, 'worry', /the database does not answer/],
    ['counts', { here: { phase: 'counting', width: 1, waiting: null } }, 'calm', /a second census counts/],
    ['has no worker', { workers: [] }, 'worry', /no process works on it/],
    ['is proven', { state: 'done', outcome: proof(0, true) }, 'calm', /^Proven: of 659 instances counted anew, none needs/],
    ['is not proven', { state: 'done', outcome: proof(1, false) }, 'worry', /^1 instance still needs an older generation/],
    ['is cancelled', { state: 'cancelled' }, 'calm', /^Cancelled: 100 of 212 instances are re-encrypted and stay so/],
    ['failed', { state: 'failed', outcome: failed(2) }, 'alarm', /^Some ranges could not/],
    ['could not be proven', { state: 'failed', outcome: failed(0) }, 'alarm', /^Not proven: every range was worked through, but a second census could not count everything/],
  ])('%s', (_, change, tone, text) => {
    const sentence = campaignSentence(campaign(change));
    expect(sentence.tone).toBe(tone);
    expect(sentence.text).toMatch(text);
  });

  test('its pace and its ranges in words', () => {
    expect(campaignPace(campaign({ failed: 1 }))).toBe('100 of 212 · 1 failed · 40 a second · 9 s left');
    expect(campaignPace(campaign({ state: 'done', done: 212 }))).toBe('212 of 212 · in 5 s');
    expect(rangesInWords(campaign().ranges)).toBe('16 ranges: 3 done, 1 running, 12 waiting');
  });
});

describe('the limits', () => {
  test.each(['instancesPerSecond', 'mebibytesPerSecond', 'concurrency'] as const)('%s has steps, and the nearest for any value', (name) => {
    const scale = SCALES[name];
    scale.steps.forEach((value, step) => expect(stepOf(scale, value)).toBe(step));
    expect(scale.steps[stepOf(scale, 130)]).toBe(name === 'concurrency' ? 128 : 100);
  });

  test('are told in words, and given as the contract takes them', () => {
    expect([rateInWords(null), rateInWords(1500), rateInWords(0.5)]).toEqual(['no limit', '1,500 a second', '0.5 a second']);
    expect([bytesInWords(null), bytesInWords(0.2), SCALES.concurrency.words(128)]).toEqual(['no limit', '0.2 MiB a second', '128 in each process']);
    for (const [name, { steps }] of Object.entries(SCALES)) for (const value of steps) expect(rekeyLimits.parse(limitsWith(name as LimitName, value))).toEqual({ [name]: value });
  });
});

test('columns of field level encryption are read line by line', () => {
  expect(readColumns(' CUSTOMER:payment.card \n\nCUSTOMER:payment.card\nORDERS:o.note.x')).toEqual({
    fields: [{ lu: 'CUSTOMER', table: 'payment', column: 'card' }, { lu: 'ORDERS', table: 'o', column: 'note.x' }],
    mistake: null,
  });
  expect(readColumns('')).toEqual({ fields: [], mistake: null });
  expect(readColumns('CUSTOMER:payment.card\npayment.card')).toEqual({ fields: [], mistake: 'Line 2 is not LU:TABLE.COLUMN.' });
});

describe('the form of a schedule', () => {
  const empty = emptySchedule('UTC');

  test('begins without a mistake, and says what is wrong with each field', () => {
    expect(scheduleMistakes(empty)).toEqual({});
    expect(Object.keys(scheduleMistakes({ ...empty, at: '24:00', zone: 'Mars/Olympus', rate: '-1', oldestDays: '1.5' })).sort()).toEqual(['at', 'oldestDays', 'rate', 'zone']);
    expect(Object.keys(scheduleMistakes({ ...empty, kind: 'cron', expression: '* *' }))).toEqual(['expression']);
    expect(Object.keys(scheduleMistakes({ ...empty, kind: 'whenever' }))).toEqual(['kind']);
    expect(scheduleMistakes({ ...empty, kind: 'whenever', generationOver: '10' })).toEqual({});
  });

  test('becomes a schedule, told in words', () => {
    const schedule = scheduleOf({ ...empty, kind: 'weekly', lu: 'CUSTOMER', rate: '500', oldestDays: '90', mebibytesOver: '2' });
    expect(schedule).toEqual({
      when: { kind: 'weekly', day: 'sunday', at: '02:30', zone: 'UTC' },
      conditions: [{ kind: 'age', of: 'oldest', days: 90 }, { kind: 'bytes', more: 2 * 1024 * 1024 }],
      lus: ['CUSTOMER'],
      limits: { instancesPerSecond: 500 },
    });
    expect(timeInWords(schedule.when)).toBe('every Sunday at 02:30 (UTC)');
    expect(schedule.conditions.map(conditionInWords)).toEqual(['the oldest used generation is 90 days old', 'one generation seals more than 2 MiB']);
    expect((['generation', 'node'] as const).map((per) => conditionInWords({ kind: 'instances', per, more: 1 }))).toEqual([
      'one older generation has more than 1 instance',
      'one node has more than 1 instance under older generations',
    ]);
  });

  test('every limit that is set is told, and that there is none', () => {
    const what = { lus: null, from: null };
    expect(whatInWords({ ...what, limits: null })).toBe('everything not under the active generation, in all Logical Units');
    expect(whatInWords({ lus: ['A', 'B'], from: ['key-1'], limits: { instancesPerSecond: 500, mebibytesPerSecond: 20, concurrency: 4 } })).toBe('what is under 1 named, in A, B, at most 500 instances a second, 20 MiB a second, 4 at once in each process');
    expect(whatInWords({ ...what, limits: { instancesPerSecond: 1, mebibytesPerSecond: 0.5, concurrency: 128 } })).toMatch(/, at most 1 instance a second, 0\.5 MiB a second, 128 at once in each process$/);
  });
});
