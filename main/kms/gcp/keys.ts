import type { protos } from '@google-cloud/kms';
import { answerInvalid } from './errors.ts';
import { type KeyName, keyNamed, type KeyParts, readKeyName, readVersionName } from './key-name.ts';
import type { GcpServer } from './server.ts';

export type CryptoKey = protos.google.cloud.kms.v1.ICryptoKey;
export type CryptoKeyVersion = protos.google.cloud.kms.v1.ICryptoKeyVersion & { readonly name: string };

/** A key, or one version of it, as an act names it. */
export interface GcpTarget {
  readonly key: KeyName;
  /** Resource name; null: the key, with all its versions. */
  readonly version: string | null;
}

const PAGE = 1000;

/** @throws AppError `KMS_KEY_ID_INVALID` */
export function targetOf(text: string, parts: KeyParts): GcpTarget {
  const named = readVersionName(text);
  return named === null ? { key: keyNamed(text, parts), version: null } : { key: named.key, version: text };
}

export async function getKey(server: GcpServer, { name, location }: KeyName): Promise<CryptoKey> {
  const request = { operation: 'GetCryptoKey', location, keyId: name };
  const [found] = await server.ask(request, (kms, settings) => kms.getCryptoKey({ name }, settings));
  if (readKeyName(found.name ?? '')?.name !== name) throw answerInvalid('another key, or none', request);
  return found;
}

/** All versions, of an act's one version alone that one; destroyed ones among them. */
export async function versionsOf(server: GcpServer, { key, version }: GcpTarget): Promise<readonly CryptoKeyVersion[]> {
  const request = { operation: 'ListCryptoKeyVersions', location: key.location, keyId: key.name };
  const found: CryptoKeyVersion[] = [];
  const seen = new Set<string>();
  for (let pageToken = ''; ; ) {
    const asked = { parent: key.name, pageSize: PAGE, pageToken };
    const [versions, , page] = await server.ask(request, (kms, settings) => kms.listCryptoKeyVersions(asked, settings));
    for (const one of versions) {
      if (readVersionName(one.name ?? '')?.key.name !== key.name) throw answerInvalid('a version of another key', request);
      found.push({ ...one, name: one.name ?? '' });
    }
    pageToken = page.nextPageToken ?? '';
    if (pageToken === '') return version === null ? found : found.filter(({ name }) => name === version);
    // A server that hands the same token back would be asked for ever.
    if (seen.has(pageToken)) throw answerInvalid('the same page twice', request);
    seen.add(pageToken);
  }
}

/** Milliseconds since the epoch; null where it does not stand. */
export function timeOf(stamp: protos.google.protobuf.ITimestamp | null | undefined): number | null {
  if (stamp === null || stamp === undefined) return null;
  return Number(stamp.seconds ?? 0) * 1000 + Math.floor((stamp.nanos ?? 0) / 1e6);
}
