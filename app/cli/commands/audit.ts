import { InvalidArgumentError, type Command } from 'commander';
import type { AuditRecordView } from '../../contract/audit.ts';
import { parseHead } from '../../../main/audit/export.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { writeOutput } from '../../output-file.ts';
import { readInput } from '../files.ts';
import { counted, figure, moment, printable, table } from '../text.ts';

interface ListOptions {
  readonly limit: number;
  readonly before?: number;
  readonly act?: string;
  readonly actor?: string;
  readonly search?: string;
}

/** `fkc audit list | verify | export`: needs no key. */
export function addAudit(program: Command, choose: Choose): void {
  const audit = program.command('audit').description('the audit trail: who did what, when; needs no password');
  audit
    .command('list')
    .description('list records, newest first')
    .option('--limit <count>', 'records to show', positive, 50)
    .option('--before <seq>', 'only records before this one', positive)
    .option('--act <act>', 'only this act, for example activatekey')
    .option('--actor <actor>', 'only this actor, for example root@host')
    .option('--search <text>', 'only records that hold this text')
    .addHelpText('after', examples('fkc audit list', 'fkc audit list --act activatekey --limit 10'))
    .action((options: ListOptions) =>
      choose(async (session) => {
        const { records, more, total } = await (await session.opened()).cluster.trail.list(options);
        const last = records.at(-1);
        const rest = more && last !== undefined ? `Older ones: --before ${last.seq}\n` : '';
        return { document: { records, more, total }, text: recordsText(records) + rest };
      }),
    );
  addVerify(audit, choose);
  addExport(audit, choose);
}

function addVerify(audit: Command, choose: Choose): void {
  audit
    .command('verify')
    .description('check the whole chain; exit code 1 if a record was changed, removed or reordered')
    .option('--head <file>', 'also against this exported head, or export: shows records that were cut off or written anew')
    .addHelpText('after', examples('fkc audit verify', 'fkc audit verify --head audit.head.json'))
    .action(({ head }: { head?: string }) =>
      choose(async (session) => {
        const exported = head === undefined ? null : parseHead((await readInput(head)).toString('utf8'));
        const result = await (await session.opened()).verifyAudit(exported);
        return { document: { ...result }, text: verificationText(result, exported?.seq ?? null), broken: !result.intact };
      }),
    );
}

function addExport(audit: Command, choose: Choose): void {
  audit
    .command('export')
    .argument('<file>', 'where to; a file that is there is replaced')
    .description('write the trail as JSON Lines, its head as the last line')
    .option('--head-only', 'write only the head: kept in another place, it proves the trail later')
    .addHelpText('after', examples('fkc audit export audit.jsonl', 'fkc audit export --head-only audit.head.json'))
    .action((file: string, { headOnly }: { headOnly?: boolean }) =>
      choose(async (session) => {
        const { trail } = (await session.opened()).cluster;
        if (headOnly === true) {
          const head = await trail.exportHead();
          await writeOutput(file, `${JSON.stringify(head)}\n`, true);
          return { document: { ok: true, file, records: 0, head }, text: `The head (record ${figure(head.seq)}) was written to ${printable(file)}.\n` };
        }
        const { records, head } = await trail.exportTo(file);
        return { document: { ok: true, file, records, head }, text: `${counted(records, 'record')} and the head were written to ${printable(file)}.\n` };
      }),
    );
}

function verificationText(result: { records: number; intact: boolean; head: string | null; broken: { seq: number; reason: string } | null }, exported: number | null): string {
  const { records, intact, head, broken } = result;
  if (intact) {
    const against = exported === null ? '' : `, and still hold what they held when record ${figure(exported)} was the head`;
    return `${counted(records, 'record')}: the chain is intact${against}.\nhead ${head ?? '–'}\n`;
  }
  return `${counted(records, 'record')}: the chain does not hold at record ${figure(broken?.seq ?? 0)}.\n${printable(broken?.reason ?? '')}\nCompare with an export, and find out who could write to the system database since.\n`;
}

function recordsText(records: readonly AuditRecordView[]): string {
  return table(
    ['>SEQ', 'WHEN', 'WHO', 'ACT', 'OBJECT', 'OUTCOME', 'CONTEXT'],
    records.map((record) => [String(record.seq), moment(record.at), record.actor, record.act, record.object, outcome(record), record.context === '{}' ? '' : record.context]),
    'The audit trail is empty.',
  );
}

function outcome({ outcome, completes }: AuditRecordView): string {
  return completes === null ? outcome : `${outcome} (${completes})`;
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}
