import type { Command } from 'commander';
import { scanPath, skippedWords, type ScanResult } from '../../../main/config/scan.ts';
import { wholePath } from '../../home.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { findingsText, isBroken } from '../findings.ts';
import { counted, printable } from '../text.ts';

const SHOWN_SKIPPED = 20;

/** `fkc scan PATH`: opens no database. */
export function addScan(program: Command, choose: Choose): void {
  program
    .command('scan')
    .argument('<path>', 'a file or folder')
    .description('look for hard-coded secrets: AWS keys, GCP credentials, private keys, KeyStore passwords, AES keys')
    .addHelpText('after', examples('fkc scan /opt/fabric', 'fkc scan . --json'))
    .action((path: string) =>
      choose(async ({ progress }) => {
        const onFile = (done: number): void => progress.tell(`${counted(done, 'file')} searched`);
        const { findings, total, files, skipped, skippedTotal } = await scanPath(wholePath(path), { onFile });
        progress.clear();
        return {
          document: { findings, total, files, skipped, skippedTotal },
          text: findingsText(findings, 'No hard-coded secret was found.') + `${counted(files, 'file')} searched.\n` + skippedText(skipped, skippedTotal),
          broken: isBroken(findings),
        };
      }),
    );
}

function skippedText(skipped: ScanResult['skipped'], total: number): string {
  if (total === 0) return '';
  const lines = skipped.slice(0, SHOWN_SKIPPED).map((one) => `  ${printable(one.path)}: ${skippedWords(one)}\n`);
  return `${counted(total, 'place')} not looked at:\n${lines.join('')}${total > lines.length ? `  and ${total - lines.length} more (--json lists up to 1,000)\n` : ''}`;
}
