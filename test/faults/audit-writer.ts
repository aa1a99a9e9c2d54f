/** Another process that writes to an audit trail: `node audit-writer.ts FILE ACTOR ACTS`. */
import { AuditTrail } from '../../main/audit/trail.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';

const [file = '', actor = '', acts = '0'] = process.argv.slice(2);
const db = await openSqlite(file);
const trail = new AuditTrail(db.audit, actor);
process.stdout.write('ready\n');
for (let i = 0; i < Number(acts); i += 1) {
  await trail.guarded('act', `${actor} ${i}`, {}, () => Promise.resolve());
}
await db.close();
