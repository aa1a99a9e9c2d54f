import { createHash } from 'node:crypto';
import { readConfigFile } from '../../main/config/file.ts';
import { entriesOf, parseConfig } from '../../main/config/parse.ts';
import { AppError } from '../../main/errors.ts';
import { KmsProviders, type KmsSources } from '../../main/kms/registry.ts';
import type { Profile } from '../profiles.ts';
import { kmsSources, valuesOf, type Values } from './kms-settings.ts';

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

  /**
   * Takes over what was changed in config.ini or the profile since. @param anew also where nothing was: an alias that
   * was resolved before is then asked for again
   */
  async refresh(profile: Profile, anew = false): Promise<void> {
    const { sources, digest } = await read(profile);
    if (digest === this.#digest && !anew) return;
    this.#digest = digest;
    this.registry.change(sources);
  }

  close(): void {
    this.registry.close();
  }
}

async function read(profile: Profile): Promise<{ sources: KmsSources; digest: string }> {
  const [node] = profile.nodes;
  if (node === undefined) return sourcesOf(profile, valuesOf([], process.env), Buffer.alloc(0));
  try {
    const { bytes } = await readConfigFile(node.configIni);
    return sourcesOf(profile, valuesOf(entriesOf(parseConfig(bytes)), process.env), bytes);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const source = {
      target: null,
      settings: (): never => {
        throw error;
      },
    };
    return { sources: { AWS_KMS: source, GCP_KMS: source, KMIP_KMS: source }, digest: error.code };
  }
}

function sourcesOf(profile: Profile, values: Values, bytes: Uint8Array): { sources: KmsSources; digest: string } {
  // The environment is left out: it does not change while a process runs.
  return { sources: kmsSources(profile, values), digest: createHash('sha256').update(bytes).update(JSON.stringify(profile.kms)).digest('hex') };
}
