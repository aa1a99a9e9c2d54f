import type { KeyCopy, KeyFacts, NodeFacts, PlaceFacts, RegionFacts } from '../../main/regions/facts.ts';
import { identify } from '../../main/regions/identity.ts';

export const ACCOUNT = '111122223333';

export function arn(region: string, id: string, account = ACCOUNT): string {
  return `arn:aws:kms:${region}:${account}:key/${id}`;
}

/** A multi-Region key ID, or a plain one. */
export function id(number: number, multi = true): string {
  const digits = number.toString(16).padStart(12, '0');
  return multi ? `mrk-${digits.padStart(32, '0')}` : `00000000-0000-4000-8000-${digits}`;
}

export function copy(place: string, keyId: string, changes: Partial<KeyCopy> = {}): KeyCopy {
  return {
    place,
    keyId,
    exists: 'yes',
    state: 'enabled',
    deletionAt: null,
    rotation: { known: true, value: { everyDays: 365, nextAt: null } },
    aliases: { known: true, value: [] },
    tags: { known: true, value: {} },
    policy: { known: true, value: '{}' },
    grants: { known: true, value: [] },
    versions: { known: false, whyNot: null },
    whyNot: null,
    ...changes,
  };
}

/** A copy where the key is not. */
export function none(place: string, keyId: string): KeyCopy {
  const nothing = { known: false, whyNot: null } as const;
  return copy(place, keyId, { exists: 'no', state: null, rotation: nothing, aliases: nothing, tags: nothing, policy: nothing, grants: nothing });
}

export function key(keyId: string, copies: readonly KeyCopy[]): KeyFacts {
  const identity = identify('AWS_KMS', keyId);
  return { provider: 'AWS_KMS', id: identity.id, multiRegion: identity.multiRegion, primary: identity.home, copies };
}

export function node(name: string, region: string | null, keyName: string, keyId: string | null): NodeFacts {
  return { node: name, file: `/etc/${name}/config.ini`, whyNot: null, lacks: [], uses: [{ provider: 'AWS_KMS', place: region, key: keyName, keyId, whyNot: null }] };
}

export function place(region: string, changes: Partial<PlaceFacts> = {}): PlaceFacts {
  return { provider: 'AWS_KMS', place: region, whyNot: null, medianMs: 20, requests: 6, throttled: 0, ...changes };
}

export function generation(description: string, keyId: string, region: string, active = false): RegionFacts['generations'][number] {
  return { name: 'masterkey_key_name', description, active, provider: 'AWS_KMS', keyId, version: null, place: region, key: identify('AWS_KMS', keyId).id };
}

export function facts(parts: Partial<RegionFacts>): RegionFacts {
  return { nodes: [], generations: [], places: [], keys: [], names: [], ...parts };
}
