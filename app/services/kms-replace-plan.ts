import { toFailure, type AppError } from '../../main/errors.ts';
import type { KmsTarget } from '../../main/kms/registry.ts';
import { newKeyDescription } from '../../main/masterkey/description.ts';
import { generationsOf, type Generation } from '../../main/masterkey/generations.ts';
import { stripeCount } from '../../main/masterkey/stripes.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import type { StandingCensus } from '../../main/census/standing.ts';
import type { ReplacementPlan, ReplacementRequest } from '../contract/kms-replace.ts';
import type { Profiles } from '../profiles.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import type { Configs, ConfigSetting } from './config.ts';
import { checkOldKeys, keepingNodes, tryNewKey, type CheckInput } from './kms-replace-checks.ts';
import { dependentsOf, keyOf, keysInUse } from './kms-replace-dependents.ts';
import { nodeNames } from './kms-node-names.ts';
import { namesOf } from './kms-replace-names.ts';
import { settingsFor } from './kms-replace-settings.ts';
import type { Found, ReplacementSteps } from './kms-replace-steps.ts';
import { readNodes } from './region-places.ts';

/** Length of a wrapped key where the new one could not be tried. */
const USUAL_BYTES = 184;

/** A replacement as it was worked out. */
export interface Prepared {
  readonly plan: ReplacementPlan;
  readonly settings: readonly ConfigSetting[];
  readonly failure: AppError | null;
  /** Identities of the new key. */
  readonly keys: ReadonlySet<string>;
  /** Identities of the keys that are taken out of use. */
  readonly replaced: ReadonlySet<string>;
}

/** What a replacement works with. */
export interface Around {
  readonly cluster: Cluster;
  readonly censuses: Censuses;
  readonly configs: Configs;
  readonly profiles: Profiles;
}

/**
 * Tries the new key from here and works out all that a replacement would do.
 * @throws AppError as `KmsReplacement.plan`; a check that fails is its `failure`
 */
export async function prepareReplacement({ cluster, censuses, profiles, configs }: Around, request: ReplacementRequest, steps: ReplacementSteps): Promise<Prepared> {
  const { ring } = cluster;
  await cluster.refreshKms();
  const wanted = { provider: request.provider, keyId: request.keyId, region: request.region ?? null };
  const profile = await profiles.get(cluster.profile.name);
  const nodes = await readNodes(profile);
  const generations = await generationsNow(cluster);
  let census = await censuses.standing();
  const input: CheckInput = {
    profile,
    nodes,
    wanted,
    context: { name: LUI_KEY_NAME, description: newKeyDescription(LUI_KEY_NAME, cluster.now(), []), cluster: cluster.kmsAccess.cluster },
    environment: process.env,
    own: cluster.credentials,
    steps,
  };
  const names = (stripes: number, newKeys: ReadonlySet<string>, key: Pick<KmsTarget, 'keyId' | 'location'>) =>
    namesOf({
      known: [LUI_KEY_NAME, HASH_KEY_NAME, ...cluster.profile.keyNames],
      generations,
      target: { ...key, provider: wanted.provider },
      newKeys,
      stripes,
      census,
      unreadable: new Set(ring.failures.keys()),
      also: request.also ?? [],
      leave: request.leave ?? [],
    });
  // What was asked for is judged before any KMS is asked.
  names(stripeCount(USUAL_BYTES), new Set(), { keyId: wanted.keyId, location: wanted.region });
  const everyNode = nodes.map(({ node }) => node);
  await configs.plan(settingsFor(wanted, everyNode, []), null);
  census = await censuses.renewed((take) => steps.run('census', 'Take a census', take, censusFound));
  const settings = settingsFor(wanted, everyNode, await keepingNodes(input));
  const changes = await configs.plan(settings, null);
  const tried = await tryNewKey(input, settings);
  const [trial] = tried.trials;
  const { names: planned, calls } = names(stripeCount(trial?.wrappedBytes ?? USUAL_BYTES), tried.keys, trial ?? { keyId: wanted.keyId, location: wanted.region });
  const old = keysInUse(generations).filter(({ id }) => !tried.keys.has(id));
  const leaving = new Set(planned.filter(({ then }) => then === 'activate').flatMap(({ active }) => identityOf(generations, active)));
  const warnings = [...tried.warnings, ...planned.flatMap((name) => name.warnings)];
  if (old.length > 0) {
    const closed = await steps.check(
      'old',
      'What older keys wrapped opens with the new configuration',
      () => checkOldKeys(input, settings, old, ring.protectors),
      (shut) => (shut.length === 0 ? { detail: old.length === 1 ? 'the 1 KMS key in use still opens what it wrapped' : `all ${old.length} KMS keys in use still open what they wrapped` } : { detail: `${shut.map(({ key }) => key.keyId).join(', ')} does not open what it wrapped, neither now nor then`, warning: true }),
    );
    for (const { key, code } of closed ?? []) warnings.push(`${key.provider} key ${key.keyId} does not open what it wrapped now (${code}): the replacement does not change that, and brings nothing back.`);
  }
  const namedNow = await nodeNames(cluster, profile, old.map(({ provider }) => provider));
  const failure = steps.failure;
  return {
    settings,
    failure,
    keys: tried.keys,
    replaced: leaving,
    plan: {
      provider: wanted.provider,
      asked: wanted.keyId,
      keyId: trial?.keyId ?? null,
      steps: steps.list,
      refusal: failure === null ? null : toFailure(failure, ''),
      changes,
      names: planned,
      calls,
      dependents: dependentsOf(old, census, namedNow, leaving),
      census: censusState(census),
      alreadySo: failure === null && changes.every(({ changed }) => !changed) && planned.every(({ then }) => then !== 'activate'),
      warnings: [...warnings, ...censusWarnings(census)],
      confirm: cluster.profile.name,
      at: cluster.now(),
    },
  };
}

function identityOf(generations: readonly Generation[], description: string | null): string[] {
  const generation = generations.find((one) => one.description === description);
  const key = generation === undefined ? null : keyOf(generation);
  return key === null ? [] : [key.id];
}

/** @throws AppError `DATABASE_*` */
export async function generationsNow({ db }: Pick<Cluster, 'db'>): Promise<Generation[]> {
  const { keys } = db;
  return generationsOf(await keys.list(), await keys.activations());
}

function censusFound(why: AppError | null): Found {
  return why === null ? { detail: 'what depends on the keys in use was counted' } : { detail: `${why.message} The figures below are those of the last one.`, warning: true };
}

function censusWarnings({ at, complete }: StandingCensus): string[] {
  if (at === null) return ['No census was taken yet, so that it is not known how many instances depend on the old keys.'];
  return complete ? [] : ['The last census did not reach every instance, so the figures of dependents are too small.'];
}
