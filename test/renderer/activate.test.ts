import { expect, test } from 'vitest';
import { stepStates, truthAfter, type ActivationEvent } from '../../renderer/features/activate/steps.ts';

const event = (step: ActivationEvent['step'], stripes: ActivationEvent['stripes'] = null): ActivationEvent => ({ type: 'activation', step, name: 'k', description: 'k-1', stripes });
const states = (events: ActivationEvent[], ended: 'no' | 'well' | 'badly'): string => stepStates(events, ended).map((step) => step.state[0]).join('');

test('each event moves on by one step', () => {
  expect(states([], 'no')).toBe('rwwwwww');
  expect(states([event('generated'), event('wrapped')], 'no')).toBe('ddrwwww');
  expect(states([event('generated'), event('wrapped'), event('stored', { stored: 61, total: 61 }), event('read-back')], 'no')).toBe('ddddrww');
});

test('storing is done only with the last stripe', () => {
  const half = stepStates([event('generated'), event('wrapped'), event('stored', { stored: 20, total: 61 })], 'no');
  expect(half[2]).toEqual({ title: 'Stored', state: 'running', note: '20 of 61 stripes' });
});

test('it stops where it failed, and ends with everything done', () => {
  expect(states([event('generated'), event('lost')], 'badly')).toBe('dswwwww');
  expect(states([], 'well')).toBe('ddddddd');
});

test('what is true after a stop depends on whether anything was stored', () => {
  expect(truthAfter('k', 'k-0', stepStates([event('generated')], 'badly')).at(-1)).toBe('Nothing of the new key was stored.');
  const later = truthAfter('k', 'k-0', stepStates([event('stored', { stored: 20, total: 61 })], 'badly'));
  expect(later[0]).toContain('k-0 is the active generation');
  expect(later.at(-1)).toContain('may be left');
});
