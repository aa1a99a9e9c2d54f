import { InvalidArgumentError, type Command } from 'commander';
import type { ScheduleCondition, ScheduleTime, ScheduleView } from '../../contract/rekey-schedule.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { counted, figure, moment, printable } from '../text.ts';
import { limitsOf, type WhatOptions, whole, withWhat } from './rekey-options.ts';
import { limitsText } from './rekey-text.ts';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const MINUTES_OF_A_WEEK = 7 * 24 * 60;
const UTC = 'UTC';

interface AddOptions extends WhatOptions {
  readonly daily?: string;
  readonly weekly?: { day: (typeof DAYS)[number]; at: string };
  readonly cron?: string;
  readonly every?: number;
  readonly zone?: string;
  readonly ifActiveOlder?: number;
  readonly ifOldestOlder?: number;
  readonly ifGenerationOver?: number;
  readonly ifNodeOver?: number;
  readonly ifBytesOver?: number;
  readonly confirm?: string;
}

/** `fkc rekey schedule add | list | remove` */
export function addRekeySchedule(rekey: Command, choose: Choose): void {
  const schedule = rekey.command('schedule').description('standing orders for rekeys; fkc rekey serve acts on them');
  addAdd(schedule, choose);
  schedule
    .command('list')
    .description('every schedule, when its time comes next and what its last time led to; needs no password')
    .action(() =>
      choose(async (session) => {
        const { schedules, scheduler } = await (await session.opened()).rekeys.schedules.list();
        const acting = scheduler === null ? (schedules.length === 0 ? '' : 'No process acts on them now: fkc rekey serve\n') : `${printable(scheduler)} acts on them.\n`;
        return { document: { schedules, scheduler }, text: `${schedules.length === 0 ? 'There is no schedule yet.\n' : schedules.map(scheduleText).join('')}${acting}` };
      }),
    );
  schedule
    .command('remove')
    .argument('<id>', 'schedule, as schedule list shows it')
    .description('take a schedule back; campaigns that it started go on')
    .action((id: string) =>
      choose(async (session) => {
        await (await session.opened()).rekeys.schedules.remove(id);
        return { document: { ok: true, id }, text: `Schedule ${printable(id)} is removed.\n` };
      }),
    );
}

function addAdd(schedule: Command, choose: Choose): void {
  withWhat(schedule.command('add').description('start a campaign by itself at these times, if one of the conditions holds (or none is given)'))
    .option('--daily <time>', 'every day at this time, as 02:30')
    .option('--weekly <day@time>', 'every week, as sunday@02:30', weekly)
    .option('--cron <expression>', 'cron expression: minute, hour, day of month, month, day of week')
    .option('--every <minutes>', 'without a time: look at the conditions this often', (text) => whole(text, MINUTES_OF_A_WEEK))
    .option('--zone <zone>', `time zone of the times, as Europe/Berlin (default: ${UTC})`)
    .option('--if-active-older <days>', 'if the active generation is at least so old', days)
    .option('--if-oldest-older <days>', 'if the oldest generation in use is at least so old', days)
    .option('--if-generation-over <n>', 'if more instances than this are under one older generation', count)
    .option('--if-node-over <n>', 'if more instances than this with a replica on one node are under older generations', count)
    .option('--if-bytes-over <n>', 'if more bytes than this are sealed under one generation', count)
    .option('--confirm <name>', 'name of a production profile, in place of being asked for it')
    .addHelpText('after', examples('fkc rekey schedule add --daily 02:30 --zone Europe/Berlin --rate 500', 'fkc rekey schedule add --weekly sunday@01:00 --lu CUSTOMER --if-oldest-older 90', 'fkc rekey schedule add --every 60 --if-generation-over 100000'))
    .action((options: AddOptions, command: Command) => {
      const times = timesOf(options);
      const [when] = times;
      if (when === undefined || times.length > 1) return command.error('error: give one of --daily, --weekly, --cron and --every');
      if (options.zone !== undefined && when.kind === 'whenever') return command.error('error: --zone belongs to a time of day');
      choose(async (session) => {
        const services = await session.opened();
        const { name, production } = services.cluster.profile;
        const conditions = conditionsOf(options);
        const consequences = (): string => `From now on a rekey would start by itself, ${whenText(when)}.\n`;
        if (production) await session.confirm({ act: 'rekey.schedule-add', object: name, expected: name, given: options.confirm, consequences });
        const limits = limitsOf(options);
        const id = await services.rekeys.schedules.add(
          {
            when,
            conditions,
            ...(options.lu === undefined ? {} : { lus: [...new Set(options.lu)] }),
            ...(options.from === undefined ? {} : { from: [...new Set(options.from)] }),
            ...(Object.keys(limits).length === 0 ? {} : { limits }),
          },
          production ? name : undefined,
        );
        const added = (await services.rekeys.schedules.list()).schedules.find((one) => one.id === id);
        return { document: { ok: true, id, next: added?.next ?? null }, text: added === undefined ? `${id}\n` : scheduleText(added) };
      });
    });
}

function timesOf({ daily, weekly: week, cron, every, zone = UTC }: AddOptions): ScheduleTime[] {
  return [
    ...(daily === undefined ? [] : [{ kind: 'daily' as const, at: daily, zone }]),
    ...(week === undefined ? [] : [{ kind: 'weekly' as const, ...week, zone }]),
    ...(cron === undefined ? [] : [{ kind: 'cron' as const, expression: cron, zone }]),
    ...(every === undefined ? [] : [{ kind: 'whenever' as const, everyMinutes: every }]),
  ];
}

function conditionsOf(options: AddOptions): ScheduleCondition[] {
  const { ifActiveOlder, ifOldestOlder, ifGenerationOver, ifNodeOver, ifBytesOver } = options;
  return [
    ...(ifActiveOlder === undefined ? [] : [{ kind: 'age' as const, of: 'active' as const, days: ifActiveOlder }]),
    ...(ifOldestOlder === undefined ? [] : [{ kind: 'age' as const, of: 'oldest' as const, days: ifOldestOlder }]),
    ...(ifGenerationOver === undefined ? [] : [{ kind: 'instances' as const, per: 'generation' as const, more: ifGenerationOver }]),
    ...(ifNodeOver === undefined ? [] : [{ kind: 'instances' as const, per: 'node' as const, more: ifNodeOver }]),
    ...(ifBytesOver === undefined ? [] : [{ kind: 'bytes' as const, more: ifBytesOver }]),
  ];
}

function scheduleText({ id, when, conditions, lus, from, limits, next, last }: ScheduleView): string {
  const what = `${from === null ? 'everything not under the active generation' : `what is under ${from.join(', ')}`}, in ${lus === null ? 'all LUs' : lus.join(', ')}`;
  const limited = limits === null ? '' : `, at most ${limitsText(limits)}`;
  const led = last === null ? '' : `  last ${moment(last.at)}: ${last.campaign === null ? last.result : `campaign ${last.campaign}`}\n`;
  return `${id}\n  ${printable(whenText(when))}${conditions.length === 0 ? '' : `, if ${conditions.map(conditionText).join(' or ')}`}\n  ${printable(what)}${limited}\n  next ${moment(next)}\n${led}`;
}

function whenText(when: ScheduleTime): string {
  if (when.kind === 'whenever') return `looked at every ${counted(when.everyMinutes, 'minute')}`;
  if (when.kind === 'cron') return `cron ${when.expression} (${when.zone})`;
  return when.kind === 'daily' ? `every day at ${when.at} (${when.zone})` : `every ${when.day} at ${when.at} (${when.zone})`;
}

function conditionText(condition: ScheduleCondition): string {
  if (condition.kind === 'age') return `the ${condition.of === 'active' ? 'active' : 'oldest used'} generation is ${figure(condition.days)} days old`;
  if (condition.kind === 'bytes') return `one generation seals more than ${figure(condition.more)} bytes`;
  return `more than ${counted(condition.more, 'instance')} of one ${condition.per === 'node' ? 'node' : 'generation'} are not under the active one`;
}

function weekly(text: string): { day: (typeof DAYS)[number]; at: string } {
  const [word = '', at = ''] = text.split('@');
  const day = DAYS.find((one) => one === word.toLowerCase());
  if (day === undefined || at === '') throw new InvalidArgumentError('It is a day and a time, as sunday@02:30.');
  return { day, at };
}

function days(text: string): number {
  const value = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('It is a number of days above 0.');
}

function count(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= 0) return value;
  throw new InvalidArgumentError('It is a whole number from 0 on.');
}
