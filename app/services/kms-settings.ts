import { readFile } from 'node:fs/promises';
import { AWS_SECTION, GCP_SECTION, KMIP_SECTION } from '../../main/config/parameters.ts';
import { keyPath, unquoted, type ConfigEntry } from '../../main/config/parse.ts';
import { AppError } from '../../main/errors.ts';
import type { AwsCredentials, AwsKmsSettings } from '../../main/kms/aws/provider.ts';
import type { GcpKmsSettings } from '../../main/kms/gcp/provider.ts';
import type { KmipKmsSettings, KmipTls } from '../../main/kms/kmip/provider.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import { notConfigured, type KmsSources, type KmsTarget } from '../../main/kms/registry.ts';
import { SecretBytes } from '../../main/secret.ts';
import type { Profile } from '../profiles.ts';

/** The section of config.ini that a provider is set up in. */
export const KMS_SECTIONS: Readonly<Record<KmsProviderName, string>> = { AWS_KMS: AWS_SECTION, GCP_KMS: GCP_SECTION, KMIP_KMS: KMIP_SECTION };

/** A reference to an environment variable, whole. */
const REFERENCE = /^\$\{([^{}]+)\}$/;

/** Finds a parameter's value. */
export interface Values {
  /** As it stands there, without quotes; empty where it does not. */
  readonly written: (section: string, key: string) => string;
  /** With a reference resolved. @throws AppError `CONFIG_VARIABLE_UNSET` */
  readonly resolved: (section: string, key: string) => string;
}

/** Credentials that the console itself was given, for where config.ini gives none. */
export interface OwnCredentials {
  /** Null where there are none now: then the SDK's own chain finds some. */
  readonly aws: (() => Promise<AwsCredentials>) | null;
}

/** Where no credentials are needed, or none were given. */
export const NO_OWN: OwnCredentials = { aws: null };

/** Where the settings of each provider come from. @param own asked when a provider is opened */
export function kmsSources({ fips, kms }: Pick<Profile, 'fips' | 'kms'>, values: Values, own: OwnCredentials): KmsSources {
  const keyId = values.written(AWS_SECTION, 'CUSTOMER_KEY_ID');
  return {
    AWS_KMS: {
      target: keyId === '' ? null : { provider: 'AWS_KMS', keyId, location: values.written(AWS_SECTION, 'REGION') || null },
      settings: () => ({ ...awsSettings(values, fips, own), ...(kms.awsQuotaShare === undefined ? {} : { quotaShare: kms.awsQuotaShare }) }),
    },
    GCP_KMS: {
      target: gcpTarget(values),
      settings: () => gcpSettings(values, kms.gcp),
    },
    KMIP_KMS: {
      target: kmipTarget(values),
      settings: () => kmipSettings(values, kms.kmip),
    },
  };
}

function gcpTarget({ written }: Values): KmsTarget | null {
  const keyId = written(GCP_SECTION, 'KEY_ID');
  if (keyId === '') return null;
  const ring = written(GCP_SECTION, 'KEY_RING_ID');
  return { provider: 'GCP_KMS', keyId: ring === '' || keyId.includes('/') ? keyId : `${ring}/${keyId}`, location: written(GCP_SECTION, 'LOCATION_ID') || null };
}

function gcpSettings({ resolved }: Values, gcp: Profile['kms']['gcp']): GcpKmsSettings {
  return {
    projectId: resolved(GCP_SECTION, 'PROJECT_ID') || null,
    locationId: resolved(GCP_SECTION, 'LOCATION_ID') || null,
    keyRingId: resolved(GCP_SECTION, 'KEY_RING_ID') || null,
    keyId: resolved(GCP_SECTION, 'KEY_ID') || null,
    credentialFile: resolved(GCP_SECTION, 'CREDENTIAL_FILE') || null,
    endpoint: gcp?.endpoint ?? null,
  };
}

/** A key alone is not enough: unlike AWS and Google, KMIP has no place of its own. */
function kmipTarget({ written }: Values): KmsTarget | null {
  const keyId = written(KMIP_SECTION, 'KEY_ID');
  const location = written(KMIP_SECTION, 'BASE_URL_TEMPLATE');
  return keyId === '' || location === '' ? null : { provider: 'KMIP_KMS', keyId, location };
}

function kmipSettings({ resolved }: Values, files: Profile['kms']['kmip']): KmipKmsSettings {
  const baseUrl = resolved(KMIP_SECTION, 'BASE_URL_TEMPLATE');
  if (baseUrl === '') throw notConfigured('KMIP_KMS');
  const password = resolved(KMIP_SECTION, 'PASSWORD');
  return {
    baseUrl,
    partition: resolved(KMIP_SECTION, 'PARTITION') || null,
    keyId: resolved(KMIP_SECTION, 'KEY_ID') || null,
    user: resolved(KMIP_SECTION, 'USER') || null,
    password: password === '' ? null : () => Promise.resolve(SecretBytes.take(Buffer.from(password, 'utf8'))),
    tls: () => readTls(files),
  };
}

/** Read for each connection, so that renewed ones are used. */
async function readTls(files: Profile['kms']['kmip']): Promise<KmipTls> {
  if (files === null) {
    throw new AppError(
      'KMS_CREDENTIALS_MISSING',
      'The profile names no client certificate for KMIP. No KMS was asked, and nothing was changed.',
      'Give it the three PEM files: fkc profile kms NAME --kmip-ca FILE --kmip-cert FILE --kmip-key FILE',
    );
  }
  const read = async (file: string): Promise<Buffer> => {
    try {
      return await readFile(file);
    } catch (error) {
      throw new AppError('KMS_CREDENTIALS_MISSING', `"${file}", which KMIP needs, can not be read. No KMS was asked, and nothing was changed.`, 'Check its path and permissions, or name another: fkc profile kms NAME', { details: { file }, cause: error });
    }
  };
  // One after the other: where several can not be read, it is always the first that is named.
  return { ca: await read(files.ca), cert: await read(files.cert), key: await read(files.key) };
}

/** The access key ID that config.ini itself gives; empty where it gives none. @throws AppError `KMS_CREDENTIALS_MISSING`, `CONFIG_VARIABLE_UNSET` */
export function configuredAwsKey(values: Values): string {
  return configuredAwsCredentials(values)?.accessKeyId ?? '';
}

/** config.ini goes first: it is the platform's own configuration. */
function awsSettings(values: Values, fips: boolean, own: OwnCredentials): AwsKmsSettings {
  const { resolved } = values;
  const configured = configuredAwsCredentials(values);
  return {
    region: resolved(AWS_SECTION, 'REGION') || null,
    keyId: resolved(AWS_SECTION, 'CUSTOMER_KEY_ID') || null,
    credentials: configured === null ? own.aws : () => Promise.resolve(configured),
    fips,
  };
}

function configuredAwsCredentials({ resolved }: Values): AwsCredentials | null {
  const accessKeyId = resolved(AWS_SECTION, 'ACCESS_KEY_ID');
  const secretAccessKey = resolved(AWS_SECTION, 'SECRET_ACCESS_KEY');
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    throw new AppError(
      'KMS_CREDENTIALS_MISSING',
      `config.ini gives ${accessKeyId === '' ? 'SECRET_ACCESS_KEY' : 'ACCESS_KEY_ID'} for AWS, but not the other of the two. No KMS was asked, and nothing was changed.`,
      'Give both of them in [encryption_aws_kms], or neither where the node has its own trust with AWS.',
    );
  }
  return accessKeyId === '' ? null : { accessKeyId, secretAccessKey };
}

/** The values of a config.ini; of a key that stands twice the last one counts. */
export function valuesOf(entries: readonly ConfigEntry[], environment: NodeJS.ProcessEnv): Values {
  const written: Values['written'] = (section, key) => unquoted(entries.findLast((entry) => entry.section === section && entry.key === key)?.value ?? '');
  return {
    written,
    resolved: (section, key) => {
      const value = written(section, key);
      const variable = REFERENCE.exec(value)?.[1];
      if (variable === undefined) return value;
      const found = environment[variable];
      if (found !== undefined && found !== '') return found;
      throw new AppError(
        'CONFIG_VARIABLE_UNSET',
        `config.ini takes ${keyPath(section, key)} from the environment variable ${variable}, which is not set here. No KMS was asked, and nothing was changed.`,
        `Set ${variable} where the console is started, or let the node have its own trust with the KMS.`,
        { details: { key: keyPath(section, key), variable } },
      );
    },
  };
}
