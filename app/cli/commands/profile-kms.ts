import { InvalidArgumentError, type Command } from 'commander';
import { DEFAULT_SHARE } from '../../../main/kms/aws/quotas.ts';
import type { KmsProfile } from '../../profiles.ts';
import { changeKms } from '../../services/profile-kms.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { facts, printable } from '../text.ts';

/** The options that tell what KMSs need beyond config.ini. */
export interface KmsOptions {
  readonly gcpEndpoint?: string;
  readonly kmipCa?: string;
  readonly kmipCert?: string;
  readonly kmipKey?: string;
  readonly awsQuotaShare?: number;
}

interface ChangeOptions extends KmsOptions {
  /** False for --no-gcp-endpoint, --no-kmip. */
  readonly kmip?: boolean;
}

/** `fkc profile kms NAME`: opens no database. */
export function addProfileKms(profile: Command, choose: Choose): void {
  const kms = profile.command('kms').argument('<name>', 'name of the profile').description('what KMSs need beyond config.ini: shows it, or changes what is given');
  withKmsOptions(kms)
    .option('--no-gcp-endpoint', "back to Google's own endpoint")
    .option('--no-kmip', 'forget the KMIP files; they stay where they are')
    .addHelpText('after', examples('fkc profile kms eu', 'fkc profile kms eu --gcp-endpoint kms.internal:443', 'fkc profile kms eu --aws-quota-share 0.25', 'fkc profile kms eu --kmip-ca ca.pem --kmip-cert client.pem --kmip-key client.key'))
    .action((name: string, _options: unknown, command: Command) => {
      const { gcpEndpoint, kmip, ...files } = command.opts<Omit<ChangeOptions, 'gcpEndpoint'> & { gcpEndpoint?: string | false }>();
      const given: KmsOptions = { ...files, ...(typeof gcpEndpoint === 'string' ? { gcpEndpoint } : {}) };
      const wrong = kmsMistake(given) ?? (kmip === false && files.kmipCa !== undefined ? '--no-kmip does not go with the KMIP files' : null);
      if (wrong !== null) command.error(`error: ${wrong}`);
      choose(async ({ profiles }) => {
        const asked = kmsOf(given);
        const change: Partial<KmsProfile> = {
          ...(asked.gcp === null && gcpEndpoint !== false ? {} : { gcp: asked.gcp }),
          ...(asked.kmip === null && kmip !== false ? {} : { kmip: asked.kmip }),
          ...(asked.awsQuotaShare === undefined ? {} : { awsQuotaShare: asked.awsQuotaShare }),
        };
        const changed = await changeKms(profiles, name, change);
        const before = Object.keys(change).length === 0 ? '' : `Profile "${printable(changed.name)}" was changed.\n`;
        return { document: { ok: true, profile: changed.name, kms: changed.kms }, text: before + facts(kmsFacts(changed.kms)) };
      });
    });
}

export function withKmsOptions(command: Command): Command {
  return command
    .option('--gcp-endpoint <host:port>', "Cloud KMS: an endpoint in place of Google's own, for private access")
    .option('--kmip-ca <file>', 'KMIP: certificate of the authority that signed the server (PEM)')
    .option('--kmip-cert <file>', 'KMIP: client certificate (PEM)')
    .option('--kmip-key <file>', 'KMIP: its private key (PEM)')
    .option('--aws-quota-share <share>', `AWS: what this console takes at most of the account's request quotas in a Region, 0.01 to 1 (default: ${DEFAULT_SHARE})`, share);
}

function share(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= 0.01 && value <= 1) return value;
  throw new InvalidArgumentError('It is a number from 0.01 to 1.');
}

/** What is wrong with them as a command line; null where nothing is. */
export function kmsMistake({ kmipCa, kmipCert, kmipKey }: KmsOptions): string | null {
  const given = [kmipCa, kmipCert, kmipKey].filter((file) => file !== undefined).length;
  return given === 0 || given === 3 ? null : '--kmip-ca, --kmip-cert and --kmip-key go together';
}

export function kmsOf({ gcpEndpoint, kmipCa, kmipCert, kmipKey, awsQuotaShare }: KmsOptions): KmsProfile {
  return {
    gcp: gcpEndpoint === undefined ? null : { endpoint: gcpEndpoint },
    kmip: kmipCa === undefined || kmipCert === undefined || kmipKey === undefined ? null : { ca: kmipCa, cert: kmipCert, key: kmipKey },
    ...(awsQuotaShare === undefined ? {} : { awsQuotaShare }),
  };
}

export function kmsFacts({ gcp, kmip, awsQuotaShare }: KmsProfile): (readonly [string, string])[] {
  return [
    ['AWS KMS', `at most ${Math.round((awsQuotaShare ?? DEFAULT_SHARE) * 100)} % of the request quotas${awsQuotaShare === undefined ? ' (default)' : ''}`],
    ['Cloud KMS', gcp === null ? "Google's own endpoint" : gcp.endpoint],
    ['KMIP', kmip === null ? 'no client certificate' : `client certificate ${kmip.cert}, servers checked against ${kmip.ca}`],
  ];
}
