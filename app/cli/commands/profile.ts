import type { Command } from 'commander';
import type { Profile } from '../../profiles.ts';
import { passwordFrom } from '../../password.ts';
import { createProfile } from '../../services/new-profile.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { facts, table } from '../text.ts';

interface CreateOptions {
  readonly sqlite: string;
  readonly keystore?: string;
  readonly fips?: boolean;
  readonly production?: boolean;
  readonly keyName?: readonly string[];
}

/** `fkc profile create | list | show`: opens no database. */
export function addProfile(program: Command, choose: Choose): void {
  const profile = program.command('profile').description('profiles: which system database, which KeyStore');
  addCreate(profile, choose);
  profile
    .command('list')
    .description('list the profiles')
    .addHelpText('after', examples('fkc profile list'))
    .action(() =>
      choose(async ({ profiles }) => {
        const all = await profiles.list();
        const rows = all.map((one) => [one.name, one.sqlite, one.keystore?.file ?? '–', flags(one)]);
        const text = table(['NAME', 'DATABASE', 'KEYSTORE', ''], rows, 'No profile yet: fkc works on the embedded demo cluster.');
        return { document: { profiles: all.map(view) }, text };
      }),
    );
  profile
    .command('show')
    .argument('<name>', 'name of the profile')
    .description('show one profile')
    .addHelpText('after', examples('fkc profile show mine'))
    .action((name: string) =>
      choose(async ({ profiles }) => {
        const found = await profiles.get(name);
        return { document: view(found), text: profileText(found) };
      }),
    );
}

function addCreate(profile: Command, choose: Choose): void {
  profile
    .command('create')
    .argument('<name>', 'letters, digits, ".", "_" and "-"')
    .description('make a profile; its database is made at first use, its KeyStore now where a password is given')
    .requiredOption('--sqlite <file>', 'SQLite file of the system database')
    .option('--keystore <file>', 'Java KeyStore (PKCS12) with the protection key; made if missing')
    .option('--fips', 'FIPS mode: SHA-512/256 in place of SHA-512')
    .option('--production', 'a production cluster: dangerous acts ask for its name')
    .option('--key-name <name...>', 'names of master keys beyond masterkey_key_name and k2_hash_key')
    .addHelpText(
      'after',
      examples('fkc profile create mine --sqlite mine.sqlite', 'fkc profile create prod --sqlite k2.sqlite --keystore fabric.keystore --keystore-password-file password.txt --production'),
    )
    .action((name: string, options: CreateOptions, command: Command) => {
      const { keystorePasswordFile } = command.optsWithGlobals<{ keystorePasswordFile?: string }>();
      if (keystorePasswordFile !== undefined && options.keystore === undefined) command.error('error: --keystore-password-file needs --keystore <file>');
      choose(async ({ profiles }) => {
        const password = options.keystore === undefined ? null : await passwordFrom({ passwordFile: keystorePasswordFile });
        const keystore = options.keystore === undefined ? null : { file: options.keystore, ...(keystorePasswordFile === undefined ? {} : { passwordFile: keystorePasswordFile }) };
        const made = await createProfile(
          profiles,
          { name, sqlite: options.sqlite, keystore, fips: options.fips === true, production: options.production === true, keyNames: [...(options.keyName ?? [])] },
          password,
        );
        return { document: { ok: true, ...view(made) }, text: `Profile "${made.name}" was made.\n${profileText(made)}` };
      });
    });
}

function view({ name, sqlite, keystore, fips, production, keyNames, lus, demo }: Profile): Record<string, unknown> {
  return { name, sqlite, keystore, fips, production, keyNames, lus: Object.keys(lus).sort(), demo };
}

function flags(profile: Profile): string {
  return (['fips', 'production', 'demo'] as const).filter((flag) => profile[flag]).join(', ');
}

function profileText(profile: Profile): string {
  const { keystore } = profile;
  return facts([
    ['Database', profile.sqlite],
    ['KeyStore', keystore?.file ?? 'none: the protection key is internal and lies beside the data'],
    ...(keystore === null ? [] : [['Password', passwordSource(keystore)] as const]),
    ['FIPS mode', profile.fips ? 'on' : 'off'],
    ['Production', profile.production ? 'yes' : 'no'],
    ['Key names', ['masterkey_key_name', 'k2_hash_key', ...profile.keyNames].join(', ')],
    ['LUs', Object.keys(profile.lus).sort().join(', ') || '–'],
  ]);
}

function passwordSource({ passwordFile, passwordEnv }: NonNullable<Profile['keystore']>): string {
  if (passwordFile !== undefined) return `first line of ${passwordFile}`;
  return passwordEnv === undefined ? 'from $FKC_KEYSTORE_PASSWORD, else asked for' : `from $${passwordEnv}`;
}
