import { KMS_PROVIDERS, type KmsProviderName } from '../../main/kms/provider.ts';
import type { ConfigPlan } from '../contract/config.ts';
import type { Profiles } from '../profiles.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import type { ConfigEdit, Configs } from './config.ts';
import { dependentsOf, wrappedGenerations } from './kms-dependents.ts';
import { KMS_SECTIONS } from './kms-settings.ts';
import { readNodes } from './region-places.ts';

/** What a change of config.ini would do: the difference in every file, and what depends on the KMSs that it concerns. */
export class ConfigPlans {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #configs: Configs;
  readonly #profiles: Profiles;

  constructor(cluster: Cluster, censuses: Censuses, configs: Configs, profiles: Profiles) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#configs = configs;
    this.#profiles = profiles;
  }

  /**
   * Nothing is written, and no KMS is asked. A census that is too old is taken anew first where a KMS is concerned.
   * @throws AppError as {@link Configs.plan}; `DATABASE_*`
   */
  async plan(settings: readonly ConfigEdit[], node: string | null): Promise<ConfigPlan> {
    const changes = await this.#configs.plan(settings, node);
    const touched = changes.filter(({ changed }) => changed).map((change) => change.node);
    const providers = KMS_PROVIDERS.filter((provider) => settings.some(({ section }) => section === KMS_SECTIONS[provider]));
    return { changes, dependents: touched.length === 0 || providers.length === 0 ? null : await this.#dependents(providers, touched) };
  }

  /** Where, as whom and by which key a node asks a KMS is in its section: everything that this KMS wraps is opened by it. */
  async #dependents(providers: readonly KmsProviderName[], nodes: readonly string[]): Promise<ConfigPlan['dependents']> {
    const census = await this.#censuses.renewed();
    const wrapped = await wrappedGenerations(this.#cluster.db);
    const concerned = wrapped.known.filter(({ provider }) => providers.includes(provider));
    const keys = [...Map.groupBy(concerned, ({ provider, key }) => `${provider} ${key}`).values()].flatMap(([one]) => {
      if (one === undefined) return [];
      const { generations, instances, byLu, regions } = dependentsOf(one.provider, one.key, wrapped, [], census);
      return [{ provider: one.provider, keyId: one.keyId, generations: generations.length, instances, byLu: [...byLu], regions: [...regions] }];
    });
    const uses = (await readNodes(await this.#profiles.get(this.#cluster.profile.name))).filter(({ node }) => nodes.includes(node)).flatMap((read) => read.uses);
    const places = uses.flatMap(({ provider, place }) => (place !== null && providers.includes(provider) ? [place] : []));
    return { providers: [...providers], keys, nodes: [...nodes], regions: [...new Set([...keys.flatMap(({ regions }) => regions), ...places])].sort(), census: censusState(census) };
  }
}
