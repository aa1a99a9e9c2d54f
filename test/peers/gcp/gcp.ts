import { randomUUID } from 'node:crypto';
import { GcpKms, type GcpKmsSettings } from '../../../main/kms/gcp/provider.ts';
import type { OpenedKms } from '../../conformance/kms-subject.ts';
import type { NewKey } from './kms-model.ts';
import type { GcpPeer } from './server.ts';

export const PROJECT = 'fabric-tests';
export const LOCATION = 'europe-west3';

/** Short limits: the tests wait for them. */
export const LIMITS = { timeoutMs: 1_500, backoffMs: 1, longestBackoffMs: 5 } as const;

/** A new key's resource name, in a key ring of its own. */
export function createKey(peer: GcpPeer, input: NewKey = {}, location = LOCATION): string {
  return peer.model.createKey(`projects/${PROJECT}/locations/${location}/keyRings/ring-${randomUUID()}/cryptoKeys/fabric`, input);
}

/** A provider as config.ini would make it. */
export function gcpKms(peer: GcpPeer, key: string, settings: Partial<GcpKmsSettings> = {}): GcpKms {
  const [, projectId = '', , locationId = '', , keyRingId = '', , keyId = ''] = key.split('/');
  return new GcpKms({ projectId, locationId, keyRingId, keyId, credentialFile: null, endpoint: peer.endpoint, quotaShare: 1, ...settings });
}

/** What the conformance suite works on. @param secrets parts of the credential file */
export function openGcp(peer: GcpPeer, { credentialFile, secrets }: { readonly credentialFile: string; readonly secrets: readonly string[] }): OpenedKms {
  const kmsOf = (key: string): GcpKms => gcpKms(peer, key, { credentialFile });
  const provider = kmsOf(createKey(peer));
  return {
    provider,
    another: () => Promise.resolve(kmsOf(createKey(peer))),
    missing: () => kmsOf(`projects/${PROJECT}/locations/${LOCATION}/keyRings/none/cryptoKeys/none`),
    secrets,
    close: () => Promise.resolve(provider.close()),
  };
}
