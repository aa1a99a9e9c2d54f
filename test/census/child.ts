/**
 * Another process that takes a census: `node child.ts FILE JOB_ID RANGES`. It is stopped by a pause when RANGES ranges
 * are counted (0: never), and prints the error code, or the result.
 */
import { takeCensus } from '../../main/census/take.ts';
import { isAppError } from '../../main/errors.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { PAUSE } from '../../main/lu/import.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';

const [file = '', jobId = '', ranges = '0'] = process.argv.slice(2);
const db = await openSqlite(file);
const stop = new AbortController();
let counted = 0;
onFailPoint((name) => {
  if (name === 'census:range-counted' && ++counted === Number(ranges)) stop.abort(PAUSE);
});
try {
  const result = await takeCensus({ db, jobId, signal: stop.signal });
  process.stdout.write(JSON.stringify({ counted, result }));
} catch (error) {
  process.stdout.write(JSON.stringify({ counted, code: isAppError(error) ? error.code : String(error) }));
}
await db.close();
