import { AppError, type Failure } from '../../main/errors.ts';
import type { KmsEndpointOf } from '../../main/kms/registry.ts';
import type { KmsEndpointView, Status } from '../contract/session.ts';
import type { Cluster } from './cluster.ts';
import type { ProfileServices } from './profile-services.ts';

/** How far the console is with going live. */
export type LiveState = { readonly is: 'starting' | 'ready' } | { readonly is: 'failed'; readonly failure: Failure };

/** What the window's frame shows. @throws AppError `DATABASE_*` */
export async function statusOf({ cluster, censuses, jobs, rekeys, kmsWatch }: ProfileServices, state: LiveState, audit: Status['audit']): Promise<Status> {
  kmsWatch.touch();
  const ring = cluster.unlocked ? cluster.ring : null;
  const head = await cluster.db.audit.head();
  return {
    profile: { name: cluster.profile.name, production: cluster.profile.production, fips: cluster.profile.fips },
    database: { ...cluster.db.info, localDataCenter: cluster.db.topology?.localDataCenter ?? null },
    protection: {
      kind: cluster.profile.keystore === null ? 'internal' : 'keystore',
      location: cluster.profile.keystore?.file ?? null,
      fingerprint: ring === null ? null : await protectionFingerprint(cluster),
      entries: ring?.protection.entries ?? null,
      rotatedAt: ring === null ? null : await ring.protection.rotatedAt(),
    },
    state: state.is !== 'ready' ? state.is : ring === null ? 'locked' : 'live',
    failure: state.is === 'failed' ? state.failure : null,
    unlockNeeds: (await cluster.needsPassword()) ? 'keystore-password' : 'nothing',
    liveSince: cluster.liveSince,
    notes: cluster.notes(),
    kms: kmsWatch.endpoints.map(endpointView),
    jobsRunning: jobs.running + rekeys.workers.running,
    censusAt: censuses.at,
    audit: { ...audit, records: head?.seq ?? 0 },
  };
}

function endpointView({ provider, location, latency, circuit, requests, throttled }: KmsEndpointOf): KmsEndpointView {
  return {
    provider,
    location,
    latencyMs: latency.medianMs,
    circuit: circuit.state,
    failingSince: circuit.failingSince,
    retryAt: circuit.retryAt === null ? null : Math.ceil(circuit.retryAt),
    lastFailure: circuit.last,
    requests,
    throttled,
  };
}

async function protectionFingerprint(cluster: Cluster): Promise<string | null> {
  try {
    const current = await cluster.ring.protection.current();
    current.key.dispose();
    return current.id;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
