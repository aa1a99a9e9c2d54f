import type { Command } from 'commander';
import type { InstanceInfo } from '../../../main/systemdb/repositories.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { writeOutput } from '../../output-file.ts';
import { assertMayWrite, readInput } from '../files.ts';
import { readAll } from '../input.ts';
import type { Session } from '../session.ts';
import { counted, figure, moment, printable } from '../text.ts';

/** Stands for stdin or stdout where a file is asked for. */
const STREAM = '-';
const MAX_IMAGE_BYTES = 1024 * 1024 * 1024;

interface ReadOptions {
  readonly out: string;
  readonly force?: boolean;
  readonly confirm?: string;
}

interface DeleteOptions {
  readonly dryRun?: boolean;
  readonly confirm?: string;
}

/** `fkc lu read | save | delete`: one whole instance, as a SQLite image. */
export function addLuContent(lu: Command, choose: Choose): void {
  withSubject(lu.command('read').description('decrypt one instance into a SQLite file; audited'))
    .requiredOption('--out <file>', 'where to (made with mode 0600), or - for stdout')
    .option('--force', 'replace a file that is there')
    .option('--confirm <name>', 'name of a production profile, in place of being asked for it')
    .addHelpText('after', examples('fkc lu read CUSTOMER 7 --out customer-7.sqlite', 'fkc lu read CUSTOMER 7 --out - > customer-7.sqlite'))
    .action((name: string, id: string, options: ReadOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      if (json === true && options.out === STREAM) command.error('error: --out - writes the instance itself to stdout; with --json give a file');
      choose((session) => read(session, name, id, options));
    });
  withSubject(lu.command('save').description('save one instance from a SQLite file, under the active generation'))
    .requiredOption('--in <file>', 'a SQLite file as lu read writes it, or - for stdin')
    .addHelpText('after', examples('fkc lu save CUSTOMER 7 --in customer-7.sqlite'))
    .action((name: string, id: string, options: { in: string }) => choose((session) => save(session, name, id, options.in)));
  withSubject(lu.command('delete').description('delete one instance; can not be undone'))
    .option('--dry-run', 'only say what would be deleted')
    .option('--confirm <id>', 'the instance ID (in a production profile: its name), in place of being asked for it')
    .addHelpText('after', examples('fkc lu delete CUSTOMER 7 --dry-run'))
    .action((name: string, id: string, options: DeleteOptions) => choose((session) => remove(session, name, id, options)));
}

function withSubject(command: Command): Command {
  return command.argument('<lu>', 'Logical Unit').argument('<id>', 'instance ID');
}

async function read(session: Session, lu: string, id: string, { out, force, confirm }: ReadOptions) {
  const toFile = out !== STREAM;
  if (toFile) await assertMayWrite(out, force === true);
  const { data, cluster } = await session.unlocked();
  const { name, production } = cluster.profile;
  const consequences = (): string => `${printable(lu)} ${printable(id)} will be decrypted, out of the production profile "${name}".\n`;
  if (production) await session.confirm({ act: 'lu.read', object: `${lu} ${id}`, expected: name, given: confirm, consequences });
  const { info, image } = await data.read(lu, id, toFile ? out : 'stdout');
  const { keyDescription, savedAt, revision } = info;
  const document = { ok: true, lu, id, keyDescription, savedAt, revision, bytes: image.length, file: toFile ? out : null };
  if (!toFile) return { document, text: image };
  try {
    await writeOutput(out, image, force === true);
  } finally {
    image.fill(0);
  }
  return { document, text: `${printable(lu)} ${printable(id)}: ${counted(document.bytes, 'byte')} decrypted into ${printable(out)}; it was under ${keyDescription}.\n` };
}

async function save(session: Session, lu: string, id: string, from: string) {
  const image = from === STREAM ? null : await readInput(from);
  const { data } = await session.unlocked();
  const given = image ?? (await readAll(session.input, MAX_IMAGE_BYTES));
  try {
    const { keyDescription, revision, savedAt, bytes } = await data.save(lu, id, given);
    return {
      document: { ok: true, lu, id, keyDescription, revision, savedAt, bytes },
      text: `${printable(lu)} ${printable(id)} is saved under ${keyDescription} (revision ${figure(revision)}, ${counted(bytes, 'byte')} sealed).\n`,
    };
  } finally {
    given.fill(0);
  }
}

async function remove(session: Session, lu: string, id: string, { dryRun, confirm }: DeleteOptions) {
  const { data, cluster } = await session.opened();
  const { name, production } = cluster.profile;
  if (dryRun === true) {
    const found = await data.find(lu, id);
    return { document: { ok: true, dryRun: true, ...found }, text: `Nothing is done yet. ${instanceText(found)} would be deleted.\n` };
  }
  const consequences = async (): Promise<string> => `${instanceText(await data.find(lu, id))} will be deleted. There is no way back, except to import or save it again.\n`;
  await session.confirm({ act: 'lu.delete', object: `${lu} ${id}`, expected: production ? name : id, given: confirm, consequences });
  const removed = await data.remove(lu, id);
  return { document: { ok: true, ...removed }, text: `${instanceText(removed)} is deleted.\n` };
}

function instanceText({ lu, id, revision, bytes, keyDescription, savedAt }: InstanceInfo): string {
  return `${printable(lu)} ${printable(id)} (revision ${figure(revision)}, ${counted(bytes, 'byte')} sealed under ${keyDescription}, saved ${moment(savedAt)})`;
}
