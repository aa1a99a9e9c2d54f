import { createHash } from 'node:crypto';
import { readConfigFile } from '../../main/config/file.ts';
import { entriesOf, parseConfig } from '../../main/config/parse.ts';
import { AppError } from '../../main/errors.ts';
import { KMS_PROVIDERS } from '../../main/kms/provider.ts';
import { KmsProviders, type KmsSources } from '../../main/kms/registry.ts';
import type { Profile } from '../profiles.ts';
import { configuredAwsKey, kmsSources, valuesOf, type OwnCredentials, type Values } from './kms-settings.ts';

/**
 * The key management services of this node, as config.ini of the profile's first node and the profile itself describe
 * them. A profile without nodes: AWS unwraps by the SDK's own configuration.
 */
export class NodeKms {
  readonly registry: KmsProviders;
  readonly #own: OwnCredentials;
  #digest: string;

  private constructor({ sources, digest }: Read, own: OwnCredentials) {
    this.registry = new KmsProviders(sources);
    this.#own = own;
    this.#digest = digest;
  }

  /** A config.ini that can not be read makes no difference now: it is told when a KMS is needed. */
  static async open(profile: Profile, own: OwnCredentials): Promise<NodeKms> {
    return new NodeKms(await read(profile, own), own);
  }

  /**
   * Takes over what was changed in config.ini or the profile since. @param anew also where nothing was: an alias that
   * was resolved before is then asked for again
   */
  async refresh(profile: Profile, anew = false): Promise<void> {
    const { sources, digest } = await read(profile, this.#own);
    if (digest === this.#digest && !anew) return;
    this.#digest = digest;
    this.registry.change(sources);
  }

  close(): void {
    this.registry.close();
  }
}

/** The AWS access key ID that the first node's config.ini gives; empty where it gives none. @throws AppError what can not be read, `KMS_CREDENTIALS_MISSING`, `CONFIG_VARIABLE_UNSET` */
export async function configuredAwsKeyOf({ nodes: [node] }: Profile): Promise<string> {
  return node === undefined ? '' : configuredAwsKey(valuesIn((await readConfigFile(node.configIni)).bytes));
}

interface Read {
  readonly sources: KmsSources;
  readonly digest: string;
}

async function read(profile: Profile, own: OwnCredentials): Promise<Read> {
  const [node] = profile.nodes;
  if (node === undefined) return sourcesOf(profile, valuesOf([], process.env), own, Buffer.alloc(0));
  try {
    const { bytes } = await readConfigFile(node.configIni);
    return sourcesOf(profile, valuesIn(bytes), own, bytes);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const source = {
      target: null,
      settings: (): never => {
        throw error;
      },
    };
    return { sources: Object.fromEntries(KMS_PROVIDERS.map((name) => [name, source])), digest: error.code };
  }
}

function valuesIn(configIni: Uint8Array): Values {
  return valuesOf(entriesOf(parseConfig(configIni)), process.env);
}

function sourcesOf(profile: Profile, values: Values, own: OwnCredentials, bytes: Uint8Array): Read {
  // The environment is left out: it does not change while a process runs. What was given is asked for at each use.
  return { sources: kmsSources(profile, values, own), digest: createHash('sha256').update(bytes).update(JSON.stringify(profile.kms)).digest('hex') };
}
