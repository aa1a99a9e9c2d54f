/** `node import-memory.ts SOURCE DATABASE`: imports a source of {@link SMALL_LU}, prints the most memory it ever held, in KiB. */
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { importLu } from '../../main/lu/import.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { SMALL_LU } from './import-source.ts';

const [source, database] = process.argv.slice(2) as [string, string];
using key = randomSecret(32);
const db = await openSqlite(database);
await importLu({
  db,
  keys: { suite: suiteFor(false), active: async () => ({ description: 'bench', key }), forSaving: async () => ({ description: 'bench', key }), get: async () => key },
  definition: SMALL_LU,
  source,
});
await db.close();
process.stdout.write(String(process.resourceUsage().maxRSS));
