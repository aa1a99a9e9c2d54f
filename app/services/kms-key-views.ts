import type { StandingCensus } from '../../main/census/standing.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { KmsRegistry } from '../../main/kms/registry.ts';
import { identify, readKmipIdentity } from '../../main/regions/identity.ts';
import type { KmsKeyDetailView, KmsKeyView, KmsProviderView } from '../contract/kms.ts';
import { actsOfKey } from './kms-act-names.ts';
import type { Dependents, WrappedGenerations } from './kms-dependents.ts';
import type { AskedKey, AskedProvider, KmsInquiry } from './kms-inquiry.ts';
import { nameOf } from './kms-names.ts';
import type { KmsKeyHealth } from './kms-watch.ts';

/** All keys that an inquiry knows of; those that were not asked about yet stand there by what the system database says. */
export function keysOf(inquiry: KmsInquiry, { known }: WrappedGenerations): AskedKey[] {
  const unasked = new Map<string, AskedKey>();
  for (const { provider, key, keyId } of known) {
    if (!inquiry.keys.has(`${provider} ${key}`)) unasked.set(`${provider} ${key}`, { provider, keyId: inquiry.elsewhere(provider, key) === null ? keyId : key, key, facts: null, whyNot: null, aliases: null, versions: null, rotation: null });
  }
  return [...inquiry.keys.values(), ...unasked.values()];
}

/** A key as a list shows it. */
export function keyView({ provider, keyId, key, facts, whyNot: why, aliases, versions, rotation }: AskedKey, inquiry: KmsInquiry, dependents: Dependents): KmsKeyView {
  const able = inquiry.providers.get(provider)?.acts ?? {};
  return {
    provider,
    keyId,
    name: nameOf(keyId),
    state: facts?.state ?? null,
    whyNot: why === null ? null : shown(why),
    location: facts?.location ?? readKmipIdentity(key)?.server ?? identify(provider, keyId).home ?? dependents.generations[0]?.location ?? null,
    multiRegion: facts?.multiRegion ?? false,
    note: facts?.note ?? '',
    createdAt: facts?.createdAt ?? null,
    deletionAt: facts?.deletionAt ?? null,
    aliases: aliases === null ? null : [...aliases],
    versions: versions?.length ?? null,
    rotation: rotation === null ? null : { everyDays: rotation.everyDays, nextAt: rotation.nextAt },
    acts: facts === null || inquiry.elsewhere(provider, key) !== null ? [] : actsOfKey(able, facts.acts),
    canWrap: facts?.canWrap ?? null,
    configured: inquiry.names.some((name) => name.provider === provider && name.key === key && name.node === inquiry.home),
    generations: dependents.generations.length,
    instances: dependents.instances,
    nodes: [...dependents.nodes],
    regions: [...dependents.regions],
  };
}

/** What is known of a provider beside its own answers. */
export interface Beside {
  readonly registry: KmsRegistry;
  readonly health: readonly KmsKeyHealth[];
  readonly wrapped: WrappedGenerations;
  readonly census: StandingCensus;
}

/** A provider: whether it answers, and what a restart would lose. */
export function providerView(name: KmsProviderName, asked: AskedProvider, { registry, health, wrapped, census }: Beside): KmsProviderView {
  const target = registry.target(name);
  const endpoints = registry.endpoints().filter(({ provider }) => provider === name);
  const failing = health.filter((key) => key.provider === name && key.failure !== null);
  const lost = new Set(failing.flatMap(({ generations }) => generations));
  const sinces = [...failing.flatMap(({ since }) => since ?? []), ...endpoints.flatMap(({ circuit }) => circuit.failingSince ?? [])];
  const silent = asked.failure !== null;
  const gone = silent ? new Set([...lost, ...wrapped.known.filter(({ provider }) => provider === name).map(({ description }) => description)]) : lost;
  return {
    provider: name,
    configured: target === null ? null : { keyId: target.keyId, location: target.location },
    endpoints: endpoints.map(({ location, circuit, latency, requests, retries, throttled }) => ({
      location,
      circuit: circuit.state,
      failingSince: circuit.failingSince,
      retryAt: circuit.retryAt === null ? null : Math.round(circuit.retryAt),
      last: circuit.last === null ? null : { ...circuit.last },
      medianMs: latency.medianMs,
      p95Ms: latency.p95Ms,
      requests,
      retries,
      throttled,
    })),
    acts: actsOfKey(asked.acts, null),
    answers: silent ? 'no' : asked.asked ? 'yes' : 'unknown',
    failure: asked.failure === null ? null : shown(asked.failure),
    since: sinces.length === 0 ? null : Math.min(...sinces),
    lostAtRestart: { generations: gone.size, instances: census.rows.filter(({ keyDescription }) => gone.has(keyDescription)).reduce((sum, { instances }) => sum + instances, 0) },
    listing: asked.listing === null ? null : shown(asked.listing),
    more: asked.more,
  };
}

/** Generations as they cross to the window. */
export function wrapsOf({ generations }: Dependents): KmsKeyDetailView['wraps'] {
  return generations.map(({ name, description, state, version, location, activatedAt, deactivatedAt, instances }) => ({ name, description, state, version, location, activatedAt, deactivatedAt, instances }));
}

/** A failure without its details. */
export function shown({ code, message, remedy }: { readonly code: string; readonly message: string; readonly remedy: string }): { code: string; message: string; remedy: string } {
  return { code, message, remedy };
}
