import { performance } from 'node:perf_hooks';
import { AppError } from '../../errors.ts';

/**
 * Times of writes, in microseconds since the epoch. Saves take multiples of {@link SAVE_STEP}; the places between two of
 * them belong to rewrites of the earlier one, so that a rewrite is newer than what it read and older than any save
 * after it. Numbers are exact until the year 2255.
 */
export const SAVE_STEP = 8;

/** How far ahead of this machine's clock a stored write time may lie: more than clocks kept by NTP ever differ. */
export const TOLERATED_LEAD = 5_000_000;

let last = 0;

/** Where the fine clock stands at its zero, in milliseconds since the epoch. */
let origin = performance.timeOrigin;

/**
 * This machine's clock, finer than a millisecond. A clock that is set while the process runs is followed, and stays fine:
 * with whole milliseconds alone, processes that save one instance at about the same time would meet at one write time.
 */
export function now(): number {
  const millis = Date.now();
  const elapsed = performance.now();
  if (Math.abs(origin + elapsed - millis) >= 2) origin = millis - elapsed;
  return Math.floor((origin + elapsed) * 1000);
}

/** The write time of a new save: grows strictly over all connections of this process. */
export function nextSaveTime(): number {
  last = Math.max(last + SAVE_STEP, saveTimeFrom(now()));
  return last;
}

/** The first write time of a save that is later than `time`, whatever wrote that. */
export function saveTimeAfter(time: number): number {
  return saveTimeFrom(time + 1);
}

/** True where the time lies so far ahead of the clock that nothing can be ordered against it. */
export function isFromFuture(time: number): boolean {
  return time > now() + TOLERATED_LEAD;
}

/** What a write says that meets a stored time ahead of the clock; `time` is null where a removal hides everything. */
export function fromFuture(lu: string, id: string, time: number | null): AppError {
  const until = time === null ? null : new Date(time / 1000).toISOString();
  return new AppError(
    'INSTANCE_FROM_FUTURE',
    until === null
      ? `${lu} ${id} was removed with a time ahead of this machine's clock, which hides what is saved now. It is not stored.`
      : `${lu} ${id} is stored with the time ${until}, ahead of this machine's clock. It is as it was; nothing newer can take its place until then.`,
    'Set the clocks of all machines that write to the database right (NTP), then try again' +
      (until === null ? '.' : `; where this machine's clock is right, the instance can be written again after ${until}.`),
    { details: { lu, id, ...(until === null ? {} : { storedTime: until }) } },
  );
}

/** What a save says where the LU's first save lies ahead of the clock. */
export function begunInFuture(lu: string, epoch: number): AppError {
  const until = new Date(epoch / 1000).toISOString();
  return new AppError(
    'INSTANCE_FROM_FUTURE',
    `The first instance of ${lu} was saved with the time ${until}, ahead of this machine's clock. Nothing is stored: it could not be ordered against what others save.`,
    `Set the clocks of all machines that write to the database right (NTP), then try again; where this machine's clock is right, the LU can be saved to after ${until}.`,
    { details: { lu, storedTime: until } },
  );
}

function saveTimeFrom(time: number): number {
  return Math.ceil(time / SAVE_STEP) * SAVE_STEP;
}
