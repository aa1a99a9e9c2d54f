/** A lease as it is stored, in this machine's clock: every process that opens the file runs on it. */
export interface StoredLease {
  readonly seconds: number;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** When a lease that is given now ends. */
export function endOf(seconds: number, now: number): number {
  return now + Math.round(seconds * 1000);
}

/**
 * The end of a lease as it may be believed now, in milliseconds since the epoch. One that ends later than if it had
 * been given at this moment comes from before the clock was set back: its holder keeps its whole time, counted from
 * now, instead of hours or years in which nobody else could take over from a dead one.
 */
export function believableEnd({ seconds, endsAt }: StoredLease, now: number): number {
  return Math.min(endsAt, endOf(seconds, now));
}
