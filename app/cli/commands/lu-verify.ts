import type { Command } from 'commander';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { counted, figure } from '../text.ts';
import { assertKnown } from './lu-list.ts';
import { unreadableText } from './unreadable.ts';

/** `fkc lu verify` */
export function addLuVerify(lu: Command, choose: Choose): void {
  lu.command('verify')
    .argument('[lu]', 'only this LU')
    .description('decrypt and authenticate every instance; exit code 1 if one can not be read')
    .addHelpText('after', examples('fkc lu verify', 'fkc lu verify CUSTOMER --json'))
    .action((name: string | undefined) =>
      choose(async (session) => {
        const services = await session.unlocked();
        if (name !== undefined) await assertKnown(services, name);
        const { checked, readable, unreadable } = await services.data.verify(name);
        return {
          document: { checked, readable, unreadable },
          text: `${figure(readable)} of ${counted(checked, 'instance')} can be read.\n${unreadableText(unreadable.map((one) => ({ ...one, what: `${one.lu} ${one.id}` })))}`,
          broken: unreadable.length > 0,
        };
      }),
    );
}
