import type { Command } from 'commander';
import type { Services } from '../../services.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { asText, readAll, withoutLineEnd } from '../input.ts';
import type { Session } from '../session.ts';

const MAX_VALUE_BYTES = 64 * 1024 * 1024;

/** `fkc field encrypt | decrypt | rekey`: the value on stdin. */
export function addField(program: Command, choose: Choose): void {
  const field = program.command('field').description('single values of an instance; the value comes on stdin');
  withSubject(field.command('encrypt').description('seal a value under the active generation'))
    .option('--exact', 'a line end at the end of the input belongs to the value')
    .addHelpText('after', examples('printf "4111 1111" | fkc field encrypt CUSTOMER 7'))
    .action((lu: string, id: string, { exact }: { exact?: boolean }) =>
      choose(async (session) => {
        const { data } = await session.unlocked();
        const input = await valueOf(session);
        try {
          return tokenAnswer(lu, id, await data.encryptField(lu, id, exact === true ? input : withoutLineEnd(input)));
        } finally {
          input.fill(0);
        }
      }),
    );
  withSubject(field.command('decrypt').description('open a value, under whichever generation it was sealed; audited'))
    .option('--exact', 'add no line end to the value')
    .addHelpText('after', examples('fkc field decrypt CUSTOMER 7 < token.txt'))
    .action((lu: string, id: string, { exact }: { exact?: boolean }) => choose((session) => decrypt(session, lu, id, exact === true)));
  withSubject(field.command('rekey').description('seal a value anew under the active generation'))
    .addHelpText('after', examples('fkc field rekey CUSTOMER 7 < token.txt'))
    .action((lu: string, id: string) =>
      choose(async (session) => {
        const services = await session.unlocked();
        return tokenAnswer(lu, id, await services.data.rekeyField(lu, id, await tokenOf(session)));
      }),
    );
}

function withSubject(command: Command): Command {
  return command.argument('<lu>', 'Logical Unit').argument('<id>', 'instance ID');
}

async function decrypt(session: Session, lu: string, id: string, exact: boolean) {
  const services: Services = await session.unlocked();
  const plain = await services.data.decryptField(lu, id, await tokenOf(session));
  const value = session.options.json ? asText(plain) : null;
  const text = Buffer.concat([plain, Buffer.from(exact ? '' : '\n')]);
  const document = { lu, id, ...(value === null ? { base64: session.options.json ? plain.toString('base64') : '' } : { value }) };
  plain.fill(0);
  return { document, text };
}

async function valueOf(session: Session): Promise<Buffer> {
  await session.hint('Type the value, then Enter and Ctrl+D.');
  return readAll(session.input, MAX_VALUE_BYTES);
}

async function tokenOf(session: Session): Promise<string> {
  return (await valueOf(session)).toString('utf8').trim();
}

function tokenAnswer(lu: string, id: string, value: string) {
  return { document: { lu, id, value }, text: `${value}\n` };
}
