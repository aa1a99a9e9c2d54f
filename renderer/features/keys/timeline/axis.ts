import { MONTHS } from '../../../format.ts';
import { span, type View } from './scale.ts';

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Begins a greater unit than its neighbours: a day among hours, a year among months. */
  readonly strong: boolean;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Step = { readonly unit: 'fixed'; readonly length: number } | { readonly unit: 'month'; readonly months: number };

const STEPS: readonly Step[] = [
  ...[1, 5, 10, 15, 30].map((seconds) => fixed(seconds * SECOND)),
  ...[1, 5, 10, 15, 30].map((minutes) => fixed(minutes * MINUTE)),
  ...[1, 2, 3, 6, 12].map((hours) => fixed(hours * HOUR)),
  ...[1, 2, 7].map((days) => fixed(days * DAY)),
  ...[1, 2, 3, 6].map(months),
  ...[1, 2, 5, 10, 20, 50].map((years) => months(years * 12)),
];

/** Room for one label in pixels. */
const LABEL = 84;

function fixed(length: number): Step {
  return { unit: 'fixed', length };
}

function months(count: number): Step {
  return { unit: 'month', months: count };
}

function lengthOf(step: Step): number {
  return step.unit === 'fixed' ? step.length : step.months * 30.44 * DAY;
}

/** The times in UTC that an axis of `width` pixels names, with words as short as their neighbours allow. */
export function ticks(view: View, width: number): Tick[] {
  const wanted = span(view) / Math.max(1, width / LABEL);
  const step = STEPS.find((each) => lengthOf(each) >= wanted) ?? months(1200);
  return step.unit === 'fixed' ? fixedTicks(view, step.length) : monthTicks(view, step.months);
}

function fixedTicks(view: View, length: number): Tick[] {
  // Weeks begin on Monday: the epoch was a Thursday.
  const offset = length === 7 * DAY ? 4 * DAY : 0;
  const result: Tick[] = [];
  for (let at = Math.ceil((view.from - offset) / length) * length + offset; at <= view.to; at += length) {
    const date = new Date(at);
    const midnight = at % DAY === 0;
    if (length >= DAY) result.push({ at, label: dayLabel(date), strong: date.getUTCDate() === 1 });
    else if (midnight) result.push({ at, label: dayLabel(date), strong: true });
    else result.push({ at, label: date.toISOString().slice(11, length < MINUTE ? 19 : 16), strong: false });
  }
  return result;
}

function monthTicks(view: View, count: number): Tick[] {
  const first = new Date(view.from);
  const result: Tick[] = [];
  let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / count) * count;
  for (; ; month += count) {
    const at = Date.UTC(Math.floor(month / 12), ((month % 12) + 12) % 12);
    if (at > view.to) return result;
    if (at < view.from) continue;
    const january = month % 12 === 0;
    const year = String(Math.floor(month / 12));
    result.push({ at, label: january ? year : (MONTHS[month % 12] ?? ''), strong: january && count < 12 });
  }
}

function dayLabel(date: Date): string {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}

/** What the ticks leave unsaid: the year, or the day, at the left edge. */
export function contextLabel(view: View): string {
  const date = new Date(view.from);
  const length = span(view);
  if (length > 3 * 365 * DAY) return 'UTC';
  if (length > 3 * DAY) return `${date.getUTCFullYear()} · UTC`;
  return `${dayLabel(date)} ${date.getUTCFullYear()} · UTC`;
}
