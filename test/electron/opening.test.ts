import { expect, test } from 'vitest';
import { Opening } from '../../app/electron/opening.ts';
import { AppError } from '../../main/errors.ts';

const PAUSE_MS = 60;

/** An opening that fails until `mended`, with the attempts counted and the times at which they began. */
function opening() {
  const state = { mended: false, began: [] as number[], running: 0, most: 0 };
  const open = async (): Promise<string> => {
    state.began.push(performance.now());
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    state.running -= 1;
    if (!state.mended) throw new AppError('DATABASE_LOCKED', 'Held.', 'Wait.');
    return 'open';
  };
  return { state, opened: new Opening(open, PAUSE_MS) };
}

const isLocked = expect.objectContaining({ code: 'DATABASE_LOCKED' }) as unknown;

test('what opened is opened once', async () => {
  const { state, opened } = opening();
  state.mended = true;
  expect(await Promise.all([opened.get(), opened.get()])).toEqual(['open', 'open']);
  expect(await opened.get()).toBe('open');
  expect(state.began).toHaveLength(1);
});

test('whoever asks after a failure gets the answer of another attempt', async () => {
  const { state, opened } = opening();
  await expect(opened.get()).rejects.toEqual(isLocked);
  await expect(opened.get()).rejects.toEqual(isLocked);
  state.mended = true;
  expect(await opened.get()).toBe('open');
  expect(state.began).toHaveLength(3);
});

test('many who ask share one attempt, and attempts keep their distance', async () => {
  const { state, opened } = opening();
  for (let round = 0; round < 4; round += 1) await Promise.allSettled(Array.from({ length: 20 }, () => opened.get()));
  expect(state.most).toBe(1);
  expect(state.began).toHaveLength(4);
  for (const [at, began] of state.began.entries()) if (at > 0) expect(began - (state.began[at - 1] ?? 0)).toBeGreaterThanOrEqual(PAUSE_MS - 2);
});

test('a failure that nobody asked for is quiet, and asking for the last attempt begins none', async () => {
  const { state, opened } = opening();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(opened.last()).rejects.toEqual(isLocked);
  expect(state.began).toHaveLength(1);
});

test('ending waits for the attempt that runs, and hands over what it opened', async () => {
  const { state, opened } = opening();
  state.mended = true;
  expect(await opened.end()).toBe('open');
});

test('ending after a failure, also while an attempt waits its time, begins none and keeps the failure', async () => {
  const { state, opened } = opening();
  await expect(opened.get()).rejects.toEqual(isLocked);
  const waiting = opened.get();
  expect(await opened.end()).toBeNull();
  await expect(waiting).rejects.toEqual(isLocked);
  await expect(opened.get()).rejects.toEqual(isLocked);
  expect(state.began).toHaveLength(1);
});
