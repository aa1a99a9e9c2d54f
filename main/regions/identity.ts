import { inRegion, isMultiRegion, readKeyArn } from '../kms/aws/key-reference.ts';
import type { KmsProviderName } from '../kms/provider.ts';

/** Which key it is, whatever place is asked about it. */
export interface KeyIdentity {
  readonly provider: KmsProviderName;
  /** See `KeyFacts.id`. */
  readonly id: string;
  /** May exist in further places than the one that its name tells. */
  readonly multiRegion: boolean;
  /** The place that the name itself tells; null where it tells none. */
  readonly home: string | null;
  /** Its name in another place. */
  readonly at: (place: string) => string;
}

/**
 * @param keyId as a KMS answered it or a wrapping has it: never an alias
 * @param server where a KMIP identifier is of (`host:port`): each server gives its own ("1" at two of them is two keys).
 *   Null where it is not known; the names of other KMSs say it themselves
 */
export function identify(provider: KmsProviderName, keyId: string, server: string | null = null): KeyIdentity {
  if (provider === 'KMIP_KMS') return { provider, id: server === null ? keyId : `${KMIP}${server}/${keyId}`, multiRegion: false, home: server, at: () => keyId };
  const arn = provider === 'AWS_KMS' ? readKeyArn(keyId) : null;
  if (arn === null) {
    const location = provider === 'GCP_KMS' ? (/^projects\/[^/]+\/locations\/([^/]+)\//.exec(keyId)?.[1] ?? null) : null;
    return { provider, id: keyId, multiRegion: false, home: location, at: () => keyId };
  }
  if (!isMultiRegion(arn)) return { provider, id: keyId, multiRegion: false, home: arn.region, at: () => keyId };
  return { provider, id: inRegion(arn, '*').arn, multiRegion: true, home: arn.region, at: (place) => inRegion(arn, place).arn };
}

/** Takes the `id` of a KMIP key apart; null for a bare identifier. */
export function readKmipIdentity(id: string): { readonly server: string; readonly keyId: string } | null {
  const slash = id.indexOf('/', KMIP.length);
  if (!id.startsWith(KMIP) || slash === -1 || slash === id.length - 1) return null;
  return { server: id.slice(KMIP.length, slash), keyId: id.slice(slash + 1) };
}

/** Whether two IDs are, or may be, of one key: of a bare KMIP identifier nobody knows the server. */
export function mayBeSame(provider: KmsProviderName, one: string, other: string): boolean {
  if (provider !== 'KMIP_KMS' || one === other) return one === other;
  const [first, second] = [readKmipIdentity(one), readKmipIdentity(other)];
  return (first === null || second === null) && (first?.keyId ?? one) === (second?.keyId ?? other);
}

const KMIP = 'kmip://';

/** A GCP location that Google itself keeps in several regions (Cloud KMS, "Locations": multi-regions and global). */
export function spansRegions(provider: KmsProviderName, place: string): boolean {
  return provider === 'GCP_KMS' && !/-[a-z]+[0-9]+$/.test(place);
}

/** The parts of an AWS name that say whose key it is; null where the name does not say. */
export function awsOwner(name: string): { readonly account: string; readonly place: string } | null {
  const [, place, account] = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):([0-9]{12}):/.exec(name) ?? [];
  return place === undefined || account === undefined ? null : { account, place };
}
