import type { ScheduleCondition, ScheduleInput, ScheduleTime, ScheduleView } from '../../../app/contract/rekey.ts';
import { counted, figure, size } from '../../format.ts';
import { limitFigure } from './rates.ts';

export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** What the form of a schedule holds while it is filled in. */
export interface ScheduleFields {
  readonly kind: ScheduleTime['kind'];
  readonly at: string;
  readonly day: (typeof DAYS)[number];
  readonly expression: string;
  readonly zone: string;
  readonly everyMinutes: string;
  readonly lu: string;
  readonly rate: string;
  readonly activeDays: string;
  readonly oldestDays: string;
  readonly generationOver: string;
  readonly nodeOver: string;
  readonly mebibytesOver: string;
}

export function emptySchedule(zone: string): ScheduleFields {
  return { kind: 'daily', at: '02:30', day: 'sunday', expression: '30 2 * * 0', zone, everyMinutes: '60', lu: '', rate: '', activeDays: '', oldestDays: '', generationOver: '', nodeOver: '', mebibytesOver: '' };
}

const MEBIBYTE = 1024 * 1024;
const WEEK_MINUTES = 7 * 24 * 60;

/** What is wrong with each field, by its name; empty where nothing is. */
export function scheduleMistakes(fields: ScheduleFields): Partial<Record<keyof ScheduleFields, string>> {
  const mistakes: Partial<Record<keyof ScheduleFields, string>> = {};
  const timed = fields.kind === 'daily' || fields.kind === 'weekly';
  if (timed && !/^([01]\d|2[0-3]):[0-5]\d$/.test(fields.at)) mistakes.at = 'A time of day, as 02:30.';
  if (fields.kind === 'cron' && fields.expression.trim().split(/\s+/).length !== 5) mistakes.expression = 'Five fields: minute, hour, day of month, month, day of week.';
  if (fields.kind !== 'whenever' && !isZone(fields.zone)) mistakes.zone = 'No such time zone; for example Europe/Berlin.';
  if (fields.kind === 'whenever' && !isWhole(fields.everyMinutes, 1, WEEK_MINUTES)) mistakes.everyMinutes = 'Whole minutes, up to a week.';
  if (fields.kind === 'whenever' && conditionsOf(fields).length === 0) mistakes.kind = 'Without a time it needs a condition.';
  if (fields.rate !== '' && !isWhole(fields.rate, 1, 10_000_000)) mistakes.rate = 'A whole number above 0, or nothing.';
  for (const name of ['activeDays', 'oldestDays'] as const) if (fields[name] !== '' && !isWhole(fields[name], 1, 36_500)) mistakes[name] = 'Whole days above 0, or nothing.';
  for (const name of ['generationOver', 'nodeOver', 'mebibytesOver'] as const) if (fields[name] !== '' && !isWhole(fields[name], 0, 1_000_000_000_000)) mistakes[name] = 'A whole number, or nothing.';
  return mistakes;
}

/** The schedule of a form without mistakes. */
export function scheduleOf(fields: ScheduleFields): ScheduleInput {
  return {
    when: timeOf(fields),
    conditions: conditionsOf(fields),
    ...(fields.lu === '' ? {} : { lus: [fields.lu] }),
    ...(fields.rate === '' ? {} : { limits: { instancesPerSecond: Number(fields.rate) } }),
  };
}

function timeOf({ kind, at, day, expression, zone, everyMinutes }: ScheduleFields): ScheduleTime {
  if (kind === 'whenever') return { kind, everyMinutes: Number(everyMinutes) };
  if (kind === 'cron') return { kind, expression: expression.trim(), zone };
  return kind === 'daily' ? { kind, at, zone } : { kind, day, at, zone };
}

function conditionsOf({ activeDays, oldestDays, generationOver, nodeOver, mebibytesOver }: ScheduleFields): ScheduleCondition[] {
  return [
    ...(activeDays === '' ? [] : [{ kind: 'age' as const, of: 'active' as const, days: Number(activeDays) }]),
    ...(oldestDays === '' ? [] : [{ kind: 'age' as const, of: 'oldest' as const, days: Number(oldestDays) }]),
    ...(generationOver === '' ? [] : [{ kind: 'instances' as const, per: 'generation' as const, more: Number(generationOver) }]),
    ...(nodeOver === '' ? [] : [{ kind: 'instances' as const, per: 'node' as const, more: Number(nodeOver) }]),
    ...(mebibytesOver === '' ? [] : [{ kind: 'bytes' as const, more: Number(mebibytesOver) * MEBIBYTE }]),
  ];
}

export function timeInWords(when: ScheduleTime): string {
  if (when.kind === 'whenever') return `whenever a condition holds, looked at every ${counted(when.everyMinutes, 'minute')}`;
  if (when.kind === 'cron') return `cron ${when.expression} (${when.zone})`;
  return when.kind === 'daily' ? `every day at ${when.at} (${when.zone})` : `every ${when.day.slice(0, 1).toUpperCase()}${when.day.slice(1)} at ${when.at} (${when.zone})`;
}

export function conditionInWords(condition: ScheduleCondition): string {
  if (condition.kind === 'age') return `the ${condition.of === 'active' ? 'active' : 'oldest used'} generation is ${counted(condition.days, 'day')} old`;
  if (condition.kind === 'bytes') return `one generation seals more than ${size(condition.more)}`;
  const more = `has more than ${counted(condition.more, 'instance')}`;
  return condition.per === 'generation' ? `one older generation ${more}` : `one node ${more} under older generations`;
}

/** What is re-encrypted, and every limit that is set. */
export function whatInWords({ lus, from, limits }: Pick<ScheduleView, 'lus' | 'from' | 'limits'>): string {
  const what = from === null ? 'everything not under the active generation' : `what is under ${figure(from.length)} named`;
  return `${what}, in ${lus === null ? 'all Logical Units' : lus.join(', ')}${limits === null ? '' : `, at most ${limitsInWords(limits)}`}`;
}

function limitsInWords({ instancesPerSecond, mebibytesPerSecond, concurrency }: NonNullable<ScheduleView['limits']>): string {
  return [
    ...(instancesPerSecond === null ? [] : [`${limitFigure(instancesPerSecond)} ${instancesPerSecond === 1 ? 'instance' : 'instances'} a second`]),
    ...(mebibytesPerSecond === null ? [] : [`${limitFigure(mebibytesPerSecond)} MiB a second`]),
    `${figure(concurrency)} at once in each process`,
  ].join(', ');
}

function isWhole(text: string, least: number, most: number): boolean {
  return /^\d{1,16}$/.test(text) && Number(text) >= least && Number(text) <= most;
}

function isZone(zone: string): boolean {
  if (zone === '') return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
