import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isAppError } from '../../errors.ts';
import type { Conditional } from './session.ts';

/** How long a change is pursued whose outcome the cluster did not tell, in milliseconds. */
const PATIENCE = 15_000;

/** Pause before the second try, in milliseconds, up to twice of it, doubled for each try after it. */
const PAUSE = 15;
const LONGEST_PAUSE = 400;

/**
 * Carries a conditional write to a known end. Where the cluster does not say whether it applied, the same write is sent
 * again: a lightweight transaction finishes or ends for good whatever was left half-way before it, so that its answer
 * tells what became of the tries before.
 *
 * @param write sends the write; each call the very same one
 * @param isOurs asked only where a write is refused after a try whose outcome is not known: whether what stands against
 *   it now is that try
 * @returns as the last try, with `applied` also where an earlier one was
 * @throws AppError `DATABASE_OUTCOME_UNKNOWN` where the cluster did not tell in time; what `write` throws
 */
export async function settle(
  write: () => Promise<Conditional>,
  isOurs: (refused: Conditional) => boolean | Promise<boolean>,
): Promise<Conditional> {
  const deadline = performance.now() + PATIENCE;
  let unknown: unknown;
  for (let pause = PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      const outcome = await write();
      const earlier = unknown !== undefined && !outcome.applied && (await isOurs(outcome));
      return earlier ? { ...outcome, applied: true } : outcome;
    } catch (error) {
      // Whatever fails now, an earlier try may have been applied: that is what there is to tell.
      unknown ??= isAppError(error, 'DATABASE_OUTCOME_UNKNOWN') ? error : undefined;
      if (unknown === undefined) throw error;
      if (performance.now() >= deadline) throw unknown;
    }
    await delay(pause + randomInt(pause));
  }
}
