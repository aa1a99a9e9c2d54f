import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { InstanceRange, JobRecord, SystemDb } from '../systemdb/repositories.ts';

/** What a census reads, fixed when it begins: going on with it means the same ranges, whatever was saved meanwhile. */
export interface CensusPlan {
  /** The LUs that are counted; `whole` says that they are all that there were. */
  readonly lus: readonly string[];
  readonly whole: boolean;
  /** Which share of the instances a deep census authenticates; null where it is not deep. */
  readonly share: number | null;
  readonly ranges: readonly InstanceRange[];
}

/** Ranges name the same few sets of nodes over and over; each is kept once. */
const stored = z.object({
  lus: z.array(z.string()),
  whole: z.boolean(),
  share: z.number().min(0).max(1).nullable(),
  nodes: z.array(z.array(z.string())),
  ranges: z.array(z.tuple([z.string(), z.string(), z.string(), z.number().int().nonnegative()])),
});

/** Asks the database which parts there are. @param lus only these; undefined: all that the database has */
export async function planCensus(db: Pick<SystemDb, 'instances'>, lus: readonly string[] | undefined, share: number | null): Promise<CensusPlan> {
  const counted = lus ?? (await db.instances.lus());
  const ranges: InstanceRange[] = [];
  for (const lu of counted) ranges.push(...(await db.instances.ranges(lu)));
  return { lus: counted, whole: lus === undefined, share, ranges };
}

/** `JobRecord.params` of a census. */
export function writePlan({ lus, whole, share, ranges }: CensusPlan): string {
  const sets = new Map<string, number>();
  const place = (nodes: readonly string[]): number => {
    const key = JSON.stringify(nodes);
    const known = sets.get(key);
    if (known === undefined) sets.set(key, sets.size);
    return known ?? sets.size - 1;
  };
  const rows = ranges.map(({ lu, start, end, nodes }) => [lu, start, end, place(nodes)]);
  return JSON.stringify({ lus, whole, share, nodes: [...sets.keys()].map((key) => JSON.parse(key) as string[]), ranges: rows });
}

/** The plan of a job that began before. @throws AppError `INPUT_INVALID` where the job is no census or can not be read */
export function readPlan(job: JobRecord): CensusPlan {
  const { lus, whole, share, nodes, ranges } = ofCensus(job, stored, job.params);
  return { lus, whole, share, ranges: ranges.map(([lu, start, end, set]) => ({ lu, start, end, nodes: nodes[set] ?? [] })) };
}

/** Reads what a census job keeps. @throws AppError `INPUT_INVALID` */
export function ofCensus<T extends z.ZodType>(job: JobRecord, schema: T, json: string): z.output<T> {
  try {
    if (job.kind === 'census') return schema.parse(JSON.parse(json));
  } catch {
    // Told below: what was kept is not what this program keeps.
  }
  throw new AppError('INPUT_INVALID', `Job ${job.id} is no census that this program can go on with. Nothing was counted.`, 'Take a new census: fkc census', {
    details: { jobId: job.id },
  });
}
