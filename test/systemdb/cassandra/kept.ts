import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

/** Bytes of garbage that `work` leaves to a full collection, since those of the young generation do not free it. */
export async function keptUntilFullCollection(work: () => void | Promise<void>): Promise<number> {
  // What stands before is old then, as it is in a process that has run for a while.
  collect();
  collect();
  await work();
  for (let i = 0; i < 3; i++) collect({ type: 'minor' });
  const { heapUsed } = process.memoryUsage();
  collect();
  return heapUsed - process.memoryUsage().heapUsed;
}
