/** How figures, sizes and times are written. Pure; times are milliseconds since the epoch. */

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** `12,345`. */
export function figure(value: number): string {
  return integer.format(value);
}

/** `1 instance`, `2 instances`, `no instances` never: the figure stays exact. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${figure(value)} ${value === 1 ? singular : plural}`;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in binary units: `0 B`, `1.5 KiB`, `12 MiB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < SIZES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? integer.format(value) : oneDecimal.format(value)} ${SIZES[unit] ?? 'B'}`;
}

/** A share of 1 as a percentage that never says 0 % or 100 % of what is not quite that. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%';
  if (share < 1 && share > 0.99) return '>99%';
  return `${integer.format(share * 100)}%`;
}

/** `0.4 ms`, `38 ms`, `1.2 s`. */
export function latency(milliseconds: number): string {
  if (milliseconds >= 1000) return `${oneDecimal.format(milliseconds / 1000)} s`;
  return `${milliseconds < 10 ? oneDecimal.format(milliseconds) : integer.format(milliseconds)} ms`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units of a duration: `45 s`, `2 min 5 s`, `3 h 12 min`, `4 days`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / SECOND));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return counted(Math.floor(hours / 24), 'day');
}

/** `just now`, `4 min ago`, `3 days ago`, `in 2 h`. */
export function relativeTime(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 45 * SECOND) return 'just now';
  const words = distanceInWords(distance);
  return at > now ? `in ${words}` : `${words} ago`;
}

function distanceInWords(distance: number): string {
  if (distance < 59.5 * MINUTE) return `${Math.max(1, Math.round(distance / MINUTE))} min`;
  if (distance < 23.5 * HOUR) return `${Math.round(distance / HOUR)} h`;
  if (distance < 60 * DAY) return counted(Math.round(distance / DAY), 'day');
  if (distance < 730 * DAY) return counted(Math.round(distance / (30.44 * DAY)), 'month');
  return counted(Math.round(distance / (365.25 * DAY)), 'year');
}

/** `2026-10-02 14:03:11 UTC`. */
export function exactUtc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Months as an axis and a date name them. */
export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `2 Oct 2026`, in UTC. */
export function day(at: number): string {
  const date = new Date(at);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()}`;
}

/** `text` cut in the middle to `length` characters, its end kept whole where identifiers differ. */
export function middle(text: string, length: number): string {
  if (text.length <= length) return text;
  const tail = Math.min(Math.floor((length - 1) / 2), 12);
  return `${text.slice(0, length - 1 - tail)}…${text.slice(text.length - tail)}`;
}
