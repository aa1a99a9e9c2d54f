import { createHash } from 'node:crypto';
import { readConfigFile } from '../../main/config/file.ts';
import { AWS_SECTION } from '../../main/config/parameters.ts';
import { entriesOf, keyPath, parseConfig, unquoted, type ConfigEntry } from '../../main/config/parse.ts';
import { AppError } from '../../main/errors.ts';
import type { AwsKmsSettings } from '../../main/kms/aws/provider.ts';
import { KmsProviders, type KmsSources } from '../../main/kms/registry.ts';
import type { Profile } from '../profiles.ts';

/** A reference to an environment variable, whole. */
const REFERENCE = /^\$\{([^{}]+)\}$/;

/**
 * The key management services of this node, as config.ini of the profile's first node and the profile itself describe
 * them. A profile without nodes: AWS unwraps by the SDK's own configuration.
 */
export class NodeKms {
  readonly registry: KmsProviders;
  #digest: string;

  private constructor(sources: KmsSources, digest: string) {
    this.registry = new KmsProviders(sources);
    this.#digest = digest;
  }

  /** A config.ini that can not be read makes no difference now: it is told when a KMS is needed. */
  static async open(profile: Profile): Promise<NodeKms> {
    const { sources, digest } = await read(profile);
    return new NodeKms(sources, digest);
  }

  /** Takes over what was changed in config.ini or the profile since. */
  async refresh(profile: Profile): Promise<void> {
    const { sources, digest } = await read(profile);
    if (digest === this.#digest) return;
    this.#digest = digest;
    this.registry.change(sources);
  }

  close(): void {
    this.registry.close();
  }
}

/** Finds a parameter's value. */
interface Values {
  /** As it stands there, without quotes; empty where it does not. */
  readonly written: (section: string, key: string) => string;
  /** With a reference resolved. @throws AppError `CONFIG_VARIABLE_UNSET` */
  readonly resolved: (section: string, key: string) => string;
}

async function read(profile: Profile): Promise<{ sources: KmsSources; digest: string }> {
  const [node] = profile.nodes;
  if (node === undefined) return sourcesOf(profile, valuesOf([], process.env), Buffer.alloc(0));
  try {
    const { bytes } = await readConfigFile(node.configIni);
    return sourcesOf(profile, valuesOf(entriesOf(parseConfig(bytes)), process.env), bytes);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const fail = (): never => {
      throw error;
    };
    return { sources: { AWS_KMS: { target: null, settings: fail } }, digest: error.code };
  }
}

function sourcesOf(profile: Profile, values: Values, bytes: Uint8Array): { sources: KmsSources; digest: string } {
  return { sources: kmsSources(profile, values), digest: createHash('sha256').update(bytes).digest('hex') };
}

/** Where the settings of each provider come from. */
export function kmsSources({ fips }: Pick<Profile, 'fips'>, values: Values): KmsSources {
  const keyId = values.written(AWS_SECTION, 'CUSTOMER_KEY_ID');
  return {
    AWS_KMS: {
      target: keyId === '' ? null : { provider: 'AWS_KMS', keyId, location: values.written(AWS_SECTION, 'REGION') || null },
      settings: () => awsSettings(values, fips),
    },
  };
}

function awsSettings({ resolved }: Values, fips: boolean): AwsKmsSettings {
  const accessKeyId = resolved(AWS_SECTION, 'ACCESS_KEY_ID');
  const secretAccessKey = resolved(AWS_SECTION, 'SECRET_ACCESS_KEY');
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    throw new AppError(
      'KMS_CREDENTIALS_MISSING',
      `config.ini gives ${accessKeyId === '' ? 'SECRET_ACCESS_KEY' : 'ACCESS_KEY_ID'} for AWS, but not the other of the two. No KMS was asked, and nothing was changed.`,
      'Give both of them in [encryption_aws_kms], or neither where the node has its own trust with AWS.',
    );
  }
  return {
    region: resolved(AWS_SECTION, 'REGION') || null,
    keyId: resolved(AWS_SECTION, 'CUSTOMER_KEY_ID') || null,
    credentials: accessKeyId === '' ? null : () => Promise.resolve({ accessKeyId, secretAccessKey }),
    fips,
  };
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
