import { every } from '../fields.ts';
import { protocolVersion, readVersion } from '../message.ts';
import { TAG } from '../tags.ts';
import { structure } from '../ttlv/item.ts';
import { type KmipVersion, VERSIONS } from '../version.ts';
import type { KmipOperation } from './operation.ts';

/**
 * Discover Versions (KMIP 2.1; KMIP 1.1, section 4.26). The answer lists what the server speaks of what
 * was asked, as `major.minor`; choose with `newestCommon`. KMIP 1.0 does not have it: a server that refuses it speaks 1.0.
 */
export const discoverVersions: KmipOperation<{ readonly versions: readonly KmipVersion[] }, readonly string[]> = {
  name: 'DiscoverVersions',
  since: '1.1',
  request: ({ versions }) =>
    // Newest first: the order tells the preference.
    structure(TAG.requestPayload, VERSIONS.filter((version) => versions.includes(version)).toReversed().map(protocolVersion)),
  response: (payload) => every(payload, TAG.protocolVersion, 'Structure').map((value) => readVersion({ tag: TAG.protocolVersion, type: 'Structure', value })),
};
