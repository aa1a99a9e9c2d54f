import type { Command } from 'commander';
import type { Profile } from '../../profiles.ts';
import { KEYSTORE_PASSWORD, passwordFrom } from '../../password.ts';
import { demoLus } from '../../services/demo.ts';
import { createProfile } from '../../services/new-profile.ts';
import { openSystemDb, needsDatabasePassword } from '../../services/system-db.ts';
import { testConnection } from '../../services/connection-test.ts';
import type { ConnectionStep } from '../../contract/settings.ts';
import type { Choose } from '../answer.ts';
import { addProfileKms, kmsFacts, kmsMistake, kmsOf, type KmsOptions, withKmsOptions } from './profile-kms.ts';
import { addProfileNode } from './profile-node.ts';
import { clusterFacts, clusterMistake, clusterOf, databaseOf, type ClusterOptions } from '../cluster-options.ts';
import type { Session } from '../session.ts';
import { examples } from '../examples.ts';
import { facts, printable, table } from '../text.ts';

interface CreateOptions extends ClusterOptions, KmsOptions {
  readonly sqlite?: string;
  readonly keystore?: string;
  readonly fips?: boolean;
  readonly production?: boolean;
  readonly demo?: boolean;
  readonly keyName?: readonly string[];
}

/** `fkc profile create | list | show`: opens no database. */
export function addProfile(program: Command, choose: Choose): void {
  const profile = program.command('profile').description('profiles: which system database, which KeyStore');
  addCreate(profile, choose);
  addTest(profile, choose);
  addProfileNode(profile, choose);
  addProfileKms(profile, choose);
  profile
    .command('list')
    .description('list the profiles')
    .addHelpText('after', examples('fkc profile list'))
    .action(() =>
      choose(async ({ profiles }) => {
        const all = await profiles.list();
        const rows = all.map((one) => [one.name, databaseOf(one), one.keystore?.file ?? '–', flags(one)]);
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
  const create = profile
    .command('create')
    .argument('<name>', 'letters, digits, ".", "_" and "-"')
    .description('make a profile; its database is made at first use, its KeyStore now where a password is given')
    .option('--sqlite <file>', 'SQLite file of the system database')
    .option('--contact-points <hosts>', 'Cassandra as the system database: host[:port], more with commas')
    .option('--local-dc <name>', 'the data centre nearest to here; found from the contact point where it is left out')
    .option('--suffix <cluster_id>', "cluster_id, appended to the keyspaces' names")
    .option('--replication <json>', 'of keyspaces that are made: {"class":"NetworkTopologyStrategy","dc1":"3"}')
    .option('--user <name>', 'user of the cluster')
    .option('--password-file <file>', 'file whose first line is the password of that user; else $FKC_DATABASE_PASSWORD, else asked for')
    .option('--tls-ca <file>', 'TLS: certificate of the authority that signed the servers (PEM)')
    .option('--tls-cert <file>', 'TLS: client certificate (PEM)')
    .option('--tls-key <file>', 'TLS: its private key (PEM)')
    .option('--keystore <file>', 'Java KeyStore (PKCS12) with the protection key; made if missing')
    .option('--fips', 'FIPS mode: SHA-512/256 in place of SHA-512')
    .option('--production', 'a production cluster: dangerous acts ask for its name')
    .option('--demo', 'fill it with sample data at its first going live; only an empty database')
    .option('--key-name <name...>', 'names of master keys beyond masterkey_key_name and k2_hash_key');
  withKmsOptions(create)
    .addHelpText(
      'after',
      examples('fkc profile create mine --sqlite mine.sqlite', 'fkc profile create eu --contact-points 10.0.0.1,10.0.0.2 --local-dc dc1 --user admin --password-file eu.txt --tls-ca ca.pem', 'fkc profile create prod --sqlite k2.sqlite --keystore fabric.keystore --keystore-password-file password.txt --production'),
    )
    .action((name: string, options: CreateOptions, command: Command) => {
      const { keystorePasswordFile } = command.optsWithGlobals<{ keystorePasswordFile?: string }>();
      if (keystorePasswordFile !== undefined && options.keystore === undefined) command.error('error: --keystore-password-file needs --keystore <file>');
      const wrong = clusterMistake(options) ?? kmsMistake(options);
      if (wrong !== null) command.error(`error: ${wrong}`);
      choose(async ({ profiles }) => {
        const password = options.keystore === undefined ? null : await passwordFrom(KEYSTORE_PASSWORD, { passwordFile: keystorePasswordFile });
        const keystore = options.keystore === undefined ? null : { file: options.keystore, ...(keystorePasswordFile === undefined ? {} : { passwordFile: keystorePasswordFile }) };
        const made = await createProfile(
          profiles,
          { name, sqlite: options.sqlite ?? null, cassandra: clusterOf(options), keystore, fips: options.fips === true, production: options.production === true, demo: options.demo === true, lus: options.demo === true ? await demoLus() : {}, keyNames: [...(options.keyName ?? [])], kms: kmsOf(options) },
          password,
        );
        return { document: { ok: true, ...view(made) }, text: `Profile "${made.name}" was made.\n${profileText(made)}` };
      });
    });
}

/** `fkc profile test`: the steps of a connection, as they are made. */
function addTest(profile: Command, choose: Choose): void {
  profile
    .command('test')
    .argument('<name>', 'name of the profile')
    .description('try the connection to its system database, step by step; changes nothing')
    .addHelpText('after', examples('fkc profile test eu'))
    .action((name: string) =>
      choose(async (session) => {
        const found = await session.profiles.get(name);
        const steps = await stepsOf(found, session);
        const failed = steps.some((step) => !step.ok);
        const failure = steps.find((step) => step.failure !== null)?.failure ?? null;
        const text = [...steps.map(({ ok, step, detail }) => `${ok ? '✓' : '✗'} ${step}: ${printable(detail)}\n`), failure === null ? '' : `${printable(failure.remedy)}\n`].join('');
        return { document: { ok: !failed, steps }, text, broken: failed };
      }),
    );
}

async function stepsOf(profile: Profile, session: Session): Promise<ConnectionStep[]> {
  if (profile.cassandra !== null) {
    const password = (await needsDatabasePassword(profile)) ? await session.askDatabasePassword(profile) : null;
    return testConnection(profile.cassandra, password);
  }
  const db = await openSystemDb(profile, null);
  const { schemaVersion } = db.info;
  await db.close();
  return [{ step: 'tables', ok: true, detail: `${profile.sqlite ?? ''}, schema version ${schemaVersion}`, failure: null }];
}

function view({ name, sqlite, cassandra, keystore, fips, production, keyNames, lus, nodes, kms, demo }: Profile): Record<string, unknown> {
  return { name, sqlite, cassandra, keystore, fips, production, keyNames, lus: Object.keys(lus).sort(), nodes, kms, demo };
}

function flags(profile: Profile): string {
  return (['fips', 'production', 'demo'] as const).filter((flag) => profile[flag]).join(', ');
}

function profileText(profile: Profile): string {
  const { keystore } = profile;
  return facts([
    ['Database', databaseOf(profile)],
    ...(profile.cassandra === null ? [] : clusterFacts(profile.cassandra)),
    ['KeyStore', keystore?.file ?? 'none: the protection key is internal and lies beside the data'],
    ...(keystore === null ? [] : [['Password', passwordSource(keystore)] as const]),
    ...kmsFacts(profile.kms),
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
