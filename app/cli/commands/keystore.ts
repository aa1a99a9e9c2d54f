import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BlastRadius } from '../../contract/settings.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import type { Session } from '../session.ts';
import { counted, countedAt, facts } from '../text.ts';

interface ActOptions {
  readonly dryRun?: boolean;
  readonly confirm?: string;
}

/** `fkc keystore enable | rotate-protection` */
export function addKeyStore(program: Command, choose: Choose): void {
  const keystore = program.command('keystore').description('the protection key: turn the KeyStore on, rotate the key');
  withActOptions(
    keystore
      .command('enable')
      .description('turn the KeyStore on and activate new master keys under it; can not be undone')
      .requiredOption('--keystore <file>', 'Java KeyStore (PKCS12); made, mode 0600, if missing'),
  )
    .addHelpText(
      'after',
      examples(
        'fkc --profile mine keystore enable --keystore fabric.keystore --keystore-password-file password.txt --dry-run',
        'fkc --profile mine keystore enable --keystore fabric.keystore --keystore-password-file password.txt',
      ),
    )
    .action((options: ActOptions & { keystore: string }) => choose((session) => enable(session, resolve(options.keystore), options)));
  withActOptions(keystore.command('rotate-protection').description('make a new protection key and activate new master keys under it'))
    .addHelpText('after', examples('fkc --profile mine keystore rotate-protection --dry-run', 'fkc --profile mine keystore rotate-protection'))
    .action((options: ActOptions) => choose((session) => rotate(session, options)));
}

function withActOptions(command: Command): Command {
  return command
    .option('--dry-run', 'say what would be done and what it touches, and do nothing')
    .option('--confirm <name>', 'name of the profile, in place of being asked for it');
}

async function enable(session: Session, file: string, { dryRun, confirm }: ActOptions) {
  const { keystore, cluster } = await session.opened();
  if (dryRun === true) return planned(await keystore.planEnable(file));
  const { passwordFile, password } = await newPassword(session, file);
  // With a KeyStore on already the act is refused below, and needs neither keys nor consent for that.
  if (cluster.profile.keystore === null) {
    try {
      await session.unlocked();
      await confirmed(session, 'keystore.enable', file, await keystore.planEnable(file), confirm);
    } catch (error) {
      password.dispose();
      throw error;
    }
  }
  const { description } = await keystore.enable(file, password, cluster.profile.name, passwordFile === undefined ? {} : { passwordFile });
  return {
    document: { ok: true, keystore: file, description },
    text: `The KeyStore is on; from now on no node goes live without it.\n${facts([
      ['KeyStore', file],
      ['Active LUI key', description],
    ])}Copy the file to every node, and keep its password where the operators find it.\n`,
  };
}

async function rotate(session: Session, { dryRun, confirm }: ActOptions) {
  const { keystore, cluster } = await session.unlocked();
  const plan = await keystore.planRotate();
  if (dryRun === true) return planned(plan);
  await confirmed(session, 'keystore.rotate-protection', cluster.profile.name, plan, confirm);
  const { fingerprint, description } = await keystore.rotate(plan.confirm);
  return {
    document: { ok: true, fingerprint, description },
    text: `The protection key was rotated; older generations stay readable through its history.\n${facts([
      ['Protection key', fingerprint],
      ['Active LUI key', description],
    ])}${plan.warnings.map((warning) => `Note: ${warning}\n`).join('')}`,
  };
}

async function newPassword(session: Session, file: string) {
  const { keystorePasswordFile } = session.options;
  const passwordFile = keystorePasswordFile === undefined ? undefined : resolve(keystorePasswordFile);
  return { passwordFile, password: await session.newKeyStorePassword(!existsSync(file)) };
}

function confirmed(session: Session, act: string, object: string, plan: BlastRadius, given: string | undefined): Promise<void> {
  return session.confirm({ act, object, expected: plan.confirm, given, consequences: () => radiusText(plan) });
}

function planned(plan: BlastRadius) {
  return { document: { ok: true, dryRun: true, ...plan }, text: `Nothing is done yet.\n${radiusText(plan)}` };
}

function radiusText(plan: BlastRadius): string {
  return [
    'What will happen:\n',
    ...plan.steps.map((step, index) => `${index + 1}. ${step}\n`),
    `It touches ${counted(plan.generations, 'key generation')}; ${counted(plan.instances, 'instance')} stay as they are (${countedAt(plan.census)}).\n`,
    `The way back: ${plan.wayBack}\n`,
    ...plan.warnings.map((warning) => `Note: ${warning}\n`),
  ].join('');
}
