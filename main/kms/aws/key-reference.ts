import { AppError } from '../../errors.ts';
import { wrappingMalformed } from '../stored.ts';

/** A key's ARN taken apart (AWS KMS Developer Guide, "Key identifiers"). */
export interface KeyArn {
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly keyId: string;
}

/** How an operator may name a key. */
export type KeyReference = { readonly kind: 'arn'; readonly key: KeyArn } | { readonly kind: 'alias-arn' | 'alias' | 'id'; readonly text: string; readonly region: string | null };

const KEY_ARN = /^arn:(aws[a-z-]*):kms:([a-z0-9-]{4,32}):(\d{12}):key\/([A-Za-z0-9-]{1,64})$/;
const ALIAS_ARN = /^arn:aws[a-z-]*:kms:([a-z0-9-]{4,32}):\d{12}:alias\/[A-Za-z0-9/_-]{1,250}$/;
const ALIAS = /^alias\/[A-Za-z0-9/_-]{1,250}$/;
const KEY_ID = /^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const MULTI_REGION = /^mrk-/;

/** @throws AppError `KMS_KEY_ID_INVALID` */
export function readKeyReference(text: string): KeyReference {
  const key = readKeyArn(text);
  if (key !== null) return { kind: 'arn', key };
  const aliasRegion = ALIAS_ARN.exec(text)?.[1];
  if (aliasRegion !== undefined) return { kind: 'alias-arn', text, region: aliasRegion };
  if (ALIAS.test(text)) return { kind: 'alias', text, region: null };
  if (KEY_ID.test(text)) return { kind: 'id', text, region: null };
  throw new AppError(
    'KMS_KEY_ID_INVALID',
    `"${text.slice(0, 80)}" does not name an AWS KMS key. No KMS was asked.`,
    'Give a key ID (36 characters, or mrk- and 32), a key ARN, or an alias as alias/NAME or its ARN.',
  );
}

/** Null for what is not the ARN of a key. */
export function readKeyArn(text: string): KeyArn | null {
  const [, partition, region, account, keyId] = KEY_ARN.exec(text) ?? [];
  if (partition === undefined || region === undefined || account === undefined || keyId === undefined) return null;
  return { arn: text, partition, region, account, keyId };
}

/** @throws AppError `KMS_WRAPPING_MALFORMED` */
export function readStoredArn(text: string): KeyArn {
  const key = readKeyArn(text);
  if (key === null) throw wrappingMalformed('its KMS key is not stored as the ARN of an AWS key');
  return key;
}

/** Multi-Region keys have the same ID and material in all their Regions, and say so in their ID. */
export function isMultiRegion(key: KeyArn): boolean {
  return MULTI_REGION.test(key.keyId);
}

/** The related multi-Region key of another Region. */
export function inRegion(key: KeyArn, region: string): KeyArn {
  return { ...key, region, arn: `arn:${key.partition}:kms:${region}:${key.account}:key/${key.keyId}` };
}
