/** `node worker.ts CONTACT_POINT CAMPAIGN GENERATION`: works on a campaign; prints the most memory it ever held, in KiB. */
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import { workOn } from './campaign.ts';
import type { Generation } from './keys.ts';
import { settingsFor } from './node.ts';

const [contactPoint, campaign, to] = process.argv.slice(2) as [string, string, Generation];
const db = await openCassandra(settingsFor(contactPoint), null);
await workOn(db, campaign, to);
await db.close();
process.stdout.write(String(process.resourceUsage().maxRSS));
