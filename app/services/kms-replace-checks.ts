import { AppError, isAppError, type ErrorCode } from '../../main/errors.ts';
import type { KmsKeyFacts } from '../../main/kms/acts.ts';
import { assertFit, tryKey, type KeyTrial } from '../../main/kms/key-trial.ts';
import type { KmsContext, KmsProvider } from '../../main/kms/provider.ts';
import { KmsProviders } from '../../main/kms/registry.ts';
import type { Protectors } from '../../main/masterkey/protectors.ts';
import { assertStorable } from '../../main/masterkey/stripes.ts';
import { unwrapGeneration } from '../../main/masterkey/unwrap.ts';
import { identify } from '../../main/regions/identity.ts';
import type { Profile } from '../profiles.ts';
import type { ConfigSetting } from './config.ts';
import { keyIdentity, type KeyInUse } from './kms-replace-dependents.ts';
import { ownRegion, placeOf, regionAfter, settingsFor, valuesAfter, type NewKey } from './kms-replace-settings.ts';
import type { ReplacementSteps } from './kms-replace-steps.ts';
import { kmsSources, type OwnCredentials, type Values } from './kms-settings.ts';
import type { ReadNode } from './region-places.ts';

export interface CheckInput {
  readonly profile: Profile;
  /** In the profile's order: the first one is this machine's. */
  readonly nodes: readonly ReadNode[];
  readonly wanted: NewKey;
  readonly context: KmsContext;
  readonly environment: NodeJS.ProcessEnv;
  readonly own: OwnCredentials;
  readonly steps: ReplacementSteps;
}

/** One place that nodes will ask, opened for trial; the holder closes it. */
interface Place {
  readonly label: string;
  readonly nodes: readonly string[];
  readonly values: Values;
  readonly registry: KmsProviders;
}

/** Nodes that are in another Region than the one given, and have the key in their own: a multi-Region key's replicas. */
export async function keepingNodes({ profile, nodes, wanted, environment, own }: CheckInput): Promise<string[]> {
  const { provider, keyId, region } = wanted;
  const [here] = nodes;
  if (provider !== 'AWS_KMS' || region === null || here === undefined) return [];
  const settings = settingsFor(wanted, nodes.map(({ node }) => node), []);
  const registry = new KmsProviders(kmsSources(profile, valuesAfter(here, here, provider, settings, environment), own));
  try {
    const kms = await registry.provider(provider);
    const key = await describe(kms, keyId);
    const told = key?.multiRegion === true ? await kms.acts.replicas?.(key.keyId) : null;
    const places = told == null ? [] : [told.primary, ...told.replicas].map(({ location }) => location);
    return nodes.filter((node) => places.includes(ownRegion(node, provider) ?? '')).map(({ node }) => node);
  } catch (error) {
    // The trial in that Region tells what is wrong.
    if (isAppError(error)) return [];
    throw error;
  } finally {
    registry.close();
  }
}

/** What was learnt by trying the new key everywhere. */
export interface Tried {
  readonly trials: readonly KeyTrial[];
  /** Identities of the keys that answered. */
  readonly keys: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/** Tries the new key in every place that a node will ask; each failure is kept in `steps`. */
export async function tryNewKey(input: CheckInput, settings: readonly ConfigSetting[]): Promise<Tried> {
  const trials: KeyTrial[] = [];
  const warnings: string[] = [];
  for (const place of placesOf(input, settings)) {
    try {
      const trial = await tryAt(input, place, warnings);
      if (trial !== null) trials.push(trial);
    } finally {
      place.registry.close();
    }
  }
  const keys = new Set(trials.map(({ keyId, location }) => keyIdentity(input.wanted.provider, keyId, location)));
  if (keys.size > 1) warnings.push(`"${input.wanted.keyId}" is not the same key for every node: ${[...new Set(trials.map(({ keyId }) => keyId))].join(' and ')}. Each node would wrap under its own.`);
  return { trials, keys, warnings };
}

/**
 * Opens with the configuration of then what each old key wrapped.
 * @throws AppError `KMS_REPLACE_CUTS_OFF` where that works with the configuration of now alone
 */
export async function checkOldKeys(input: CheckInput, settings: readonly ConfigSetting[], old: readonly KeyInUse[], now: Protectors): Promise<readonly { readonly key: KeyInUse; readonly code: ErrorCode }[]> {
  const [here] = input.nodes;
  if (here === undefined) return [];
  const { profile, wanted, environment, own } = input;
  const registry = new KmsProviders(kmsSources(profile, valuesAfter(here, here, wanted.provider, settings, environment), own));
  const then: Protectors = { ...now, kms: { registry, cluster: input.context.cluster } };
  const closed: { key: KeyInUse; code: ErrorCode }[] = [];
  try {
    for (const key of old) {
      const failure = await opens(then, key);
      if (failure === null) continue;
      if ((await opens(now, key)) === null) throw cutsOff(key, failure);
      closed.push({ key, code: failure.code });
    }
    return closed;
  } finally {
    registry.close();
  }
}

function placesOf({ profile, nodes, wanted, environment, own }: CheckInput, settings: readonly ConfigSetting[]): Place[] {
  const [here] = nodes;
  if (here === undefined) return [];
  const places = new Map<string, Place>();
  for (const node of nodes) {
    const values = valuesAfter(node, here, wanted.provider, settings, environment);
    const id = placeOf(values, wanted.provider);
    const known = places.get(id);
    const label = known?.label ?? (ownRegionAfter(values, wanted) || 'its surroundings');
    places.set(id, { label, nodes: [...(known?.nodes ?? []), node.node], values, registry: known?.registry ?? new KmsProviders(kmsSources(profile, values, own)) });
  }
  return [...places.values()];
}

function ownRegionAfter(values: Values, { provider }: NewKey): string | null {
  try {
    return regionAfter(values, provider);
  } catch {
    return null;
  }
}

async function tryAt({ wanted, context, steps }: CheckInput, place: Place, warnings: string[]): Promise<KeyTrial | null> {
  const { label, nodes, values, registry } = place;
  const { provider } = wanted;
  const who = `${label} (${nodes.join(', ')})`;
  const [lookId, tryId] = [`key ${label} ${nodes[0] ?? ''}`, `trial ${label} ${nodes[0] ?? ''}`];
  const [lookTitle, tryTitle] = [`The key in ${who}`, `Wrap and unwrap in ${who}`];
  const looked = await steps.check(
    lookId,
    lookTitle,
    async () => {
      const kms = await registry.provider(provider);
      const region = regionAfter(values, provider);
      return { kms, facts: await look(kms, wanted, provider === 'KMIP_KMS' ? null : region) };
    },
    ({ facts }) => (facts === null ? { detail: 'it may not be looked at with these credentials; that is not needed to wrap', warning: true } : { detail: `${facts.keyId} is enabled and can wrap${facts.multiRegion ? ', in several Regions' : ''}` }),
  );
  if (looked === null) {
    steps.skip(tryId, tryTitle, 'not tried: the check before it failed');
    return null;
  }
  const { facts } = looked;
  if (facts?.deletionAt != null) warnings.push(`${facts.keyId} is scheduled to be gone at ${new Date(facts.deletionAt).toISOString()}.`);
  if (facts?.materialExpiresAt != null) warnings.push(`The imported material of ${facts.keyId} ends at ${new Date(facts.materialExpiresAt).toISOString()}: what it wraps can not be opened after that.`);
  return steps.check(
    tryId,
    tryTitle,
    async () => {
      const trial = await tryKey(looked.kms, context);
      assertStorable(trial.wrappedBytes);
      return trial;
    },
    ({ keyId, generated, wrapMs, unwrapMs }) => ({ detail: `${generated ? 'made a key' : 'wrapped a key'} in ${ms(wrapMs)}, opened it in ${ms(unwrapMs)}, and it was the same${facts === null ? ` (${keyId})` : ''}` }),
  );
}

/** Null where these credentials may not ask. */
async function look(kms: KmsProvider, { provider, keyId }: NewKey, region: string | null): Promise<KmsKeyFacts | null> {
  const named = identify(provider, keyId);
  const facts = await describe(kms, named.multiRegion && region !== null ? named.at(region) : keyId);
  if (facts !== null) assertFit(facts, region);
  return facts;
}

async function describe(kms: KmsProvider, keyId: string): Promise<KmsKeyFacts | null> {
  try {
    return (await kms.acts.describe?.(keyId)) ?? null;
  } catch (error) {
    if (isAppError(error, 'KMS_PERMISSION_DENIED')) return null;
    throw error;
  }
}

async function opens(protectors: Protectors, { generations: [generation] }: KeyInUse): Promise<AppError | null> {
  if (generation === undefined) return null;
  try {
    (await unwrapGeneration(protectors, generation)).key.dispose();
    return null;
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

function cutsOff({ provider, keyId, generations }: KeyInUse, { code, message }: AppError): AppError {
  return new AppError(
    'KMS_REPLACE_CUTS_OFF',
    `With the new configuration, ${provider} key ${keyId} would no longer open the ${generations.length === 1 ? 'generation' : `${generations.length} generations`} that it wrapped, which it does now (${code}: ${message}) Nothing was changed.`,
    'Let the nodes reach and be allowed both keys (credentials, network, key policy), then run it again; the old key is needed until all data is rekeyed.',
    { details: { provider, keyId, code } },
  );
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
