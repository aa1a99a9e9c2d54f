import { setImmediate } from 'node:timers/promises';
import { AppError } from '../errors.ts';

/**
 * Milliseconds of work after which others get a turn: a quarter of the window's frame, as what the window asks for takes
 * many rounds of the event loop, and waits as long for each.
 */
const TURN_MS = 4;

/**
 * Shares the thread in a long loop: call the returned function often; now and then it waits for one round of the event
 * loop, so that the window stays alive and signals arrive. Loops that run side by side may share one.
 * @param ms milliseconds of work between two rounds
 */
export function takeTurns(ms: number = TURN_MS): () => Promise<void> | undefined {
  let until = performance.now() + ms;
  let others: Promise<void> | undefined;
  return () => {
    if (others === undefined && performance.now() >= until) {
      others = setImmediate().then(() => {
        until = performance.now() + ms;
        others = undefined;
      });
    }
    return others;
  };
}

/** @throws AppError `CANCELLED` once the signal says so. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw new AppError('CANCELLED', `${what} was cancelled. What was done before stays as it is.`, 'Start it again to go on.');
}
