import { Command, type OutputConfiguration } from 'commander';
import type { Choose } from './answer.ts';
import { addAudit } from './commands/audit.ts';
import { addCensus } from './commands/census.ts';
import { addConfig } from './commands/config.ts';
import { addDemo } from './commands/demo.ts';
import { addField } from './commands/field.ts';
import { addHash } from './commands/hash.ts';
import { addKeys } from './commands/keys.ts';
import { addKeyStore } from './commands/keystore.ts';
import { addKmsReplace } from './commands/kms-replace.ts';
import { addKms } from './commands/kms.ts';
import { addLu } from './commands/lu.ts';
import { addNodes } from './commands/nodes.ts';
import { addProfile } from './commands/profile.ts';
import { addRegions } from './commands/regions.ts';
import { addRekey } from './commands/rekey.ts';
import { addRun } from './commands/run.ts';
import { addScan } from './commands/scan.ts';
import { VERSION } from '../version.ts';

const AFTER_HELP = `
Exit codes: 0 done; 1 refused or failed, or what was checked does not hold; 2 wrong usage; 130 interrupted.
State is kept under $FKC_HOME (default: the platform's data folder). Without a profile, the embedded demo cluster is used.

Examples:
  $ fkc demo
  $ fkc profile create mine --sqlite mine.sqlite --keystore fabric.keystore --keystore-password-file password.txt
  $ fkc --profile mine run "activatekey name='masterkey_key_name'" --dry-run
  $ fkc --profile mine keys list --json
`;

/** The whole command tree. A command that is understood hands its act to `choose`; usage errors throw CommanderError. */
export function buildProgram(choose: Choose, output: OutputConfiguration): Command {
  const program = new Command('fkc')
    .description('Runs the encryption keys of a Fabric-style data platform: which key protects what, proved.')
    .version(VERSION, '--version', 'show the version')
    .helpOption('-h, --help', 'show how it is used')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput(output)
    .exitOverride((error) => {
      throw error;
    })
    .option('--profile <name>', 'profile to work on (default: $FKC_PROFILE, else the embedded demo cluster)')
    .option('--keystore-password-file <file>', 'file whose first line is the KeyStore password (otherwise: the profile, $FKC_KEYSTORE_PASSWORD, or asked)')
    .option('--json', 'write exactly one JSON document to stdout')
    .addHelpText('after', AFTER_HELP);
  addRun(program, choose);
  addKeys(program, choose);
  addKeyStore(program, choose);
  addLu(program, choose);
  addField(program, choose);
  addHash(program, choose);
  addCensus(program, choose);
  addRekey(program, choose);
  addKmsReplace(addKms(program, choose), choose);
  addNodes(program, choose);
  addRegions(program, choose);
  addAudit(program, choose);
  addProfile(program, choose);
  addConfig(program, choose);
  addScan(program, choose);
  addDemo(program, choose);
  return program;
}
