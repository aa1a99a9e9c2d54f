import { isAppError } from '../../errors.ts';
import { DerReader, TAG, derElement, derOctets, derOid, derSequence } from '../der.ts';
import { malformed } from '../failures.ts';
import { OID } from './oids.ts';
import { readEncryptedKey } from './schemes.ts';

export type EntryKind = 'secret-key' | 'private-key' | 'certificate' | 'other';

/** What can be told of an entry without the password. */
export interface KeyStoreEntry {
  /** In lower case, as the JDK compares it; null where the entry has none. */
  readonly alias: string | null;
  readonly kind: EntryKind;
  /** Milliseconds since the epoch, as the JDK notes it; null where it is not noted. */
  readonly createdAt: number | null;
  /** How the key is encrypted, for people; an object identifier or null where the console can not do it. */
  readonly algorithm: string | null;
  readonly iterations: number | null;
}

/** An entry together with its bytes, which are views into what was read. */
export interface Bag {
  readonly entry: KeyStoreEntry;
  /** The whole SafeBag. */
  readonly raw: Buffer;
  /** DER of the EncryptedPrivateKeyInfo of a secret key; null for every other kind. */
  readonly encryptedKey: Buffer | null;
}

/** Reads SafeContents (RFC 7292, section 4.2). @throws AppError `KEYSTORE_MALFORMED` */
export function readBags(safeContents: Uint8Array): Bag[] {
  const outer = new DerReader(safeContents);
  const list = outer.enter(TAG.sequence);
  outer.end();
  const bags: Bag[] = [];
  while (!list.done) bags.push(readBag(list.take(TAG.sequence)));
  return bags;
}

/** A SecretBag as keytool writes it: the key shrouded, friendlyName, and localKeyID `Time <ms>`. */
export function writeSecretKeyBag(alias: string, encryptedKey: Buffer, createdAt: number): Bag {
  const secret = derSequence(derOid(OID.shroudedKeyBag), derElement(TAG.context0, derOctets(encryptedKey)));
  const friendlyName = derElement(TAG.bmpString, Buffer.from(alias, 'utf16le').swap16());
  const localKeyId = derOctets(Buffer.from(`Time ${createdAt}`, 'ascii'));
  // DER wants the elements of a SET OF in ascending order of their encodings (X.690, 11.6).
  const attributes = [writeAttribute(OID.friendlyName, friendlyName), writeAttribute(OID.localKeyId, localKeyId)].sort(Buffer.compare);
  const raw = derSequence(derOid(OID.secretBag), derElement(TAG.context0, secret), derElement(TAG.set, ...attributes));
  return { raw, encryptedKey, entry: { alias, kind: 'secret-key', createdAt, ...describe(encryptedKey) } };
}

function readBag({ raw, content }: { raw: Buffer; content: Buffer }): Bag {
  const bag = new DerReader(content);
  const bagId = bag.oid();
  const value = bag.take(TAG.context0).content;
  const attributes = bag.done ? NO_ATTRIBUTES : readAttributes(bag.enter(TAG.set));
  bag.end();
  const { kind, encrypted } = readValue(bagId, value);
  const description = encrypted === null ? NOT_ENCRYPTED : describe(encrypted);
  return { raw, encryptedKey: kind === 'secret-key' ? encrypted : null, entry: { kind, ...attributes, ...description } };
}

function readValue(bagId: string, value: Buffer): { kind: EntryKind; encrypted: Buffer | null } {
  switch (bagId) {
    case OID.secretBag:
      return { kind: 'secret-key', encrypted: readSecret(value) };
    case OID.shroudedKeyBag:
      return { kind: 'private-key', encrypted: value };
    case OID.keyBag:
      return { kind: 'private-key', encrypted: null };
    case OID.certBag:
      return { kind: 'certificate', encrypted: null };
    default:
      return { kind: 'other', encrypted: null };
  }
}

/** The EncryptedPrivateKeyInfo inside a SecretBag; null for a secret of another type than keys of the JDK. */
function readSecret(value: Buffer): Buffer | null {
  const outer = new DerReader(value);
  const secret = outer.enter(TAG.sequence);
  outer.end();
  const type = secret.oid();
  const explicit = secret.enter(TAG.context0);
  secret.end();
  if (type !== OID.shroudedKeyBag || explicit.nextTag !== TAG.octetString) return null;
  const encrypted = explicit.octets();
  explicit.end();
  return encrypted;
}

type Attributes = Pick<KeyStoreEntry, 'alias' | 'createdAt'>;
const NO_ATTRIBUTES: Attributes = { alias: null, createdAt: null };

type Encryption = Pick<KeyStoreEntry, 'algorithm' | 'iterations'>;
const NOT_ENCRYPTED: Encryption = { algorithm: null, iterations: null };

/** An algorithm that can not be done is no reason to refuse the file: the entry is kept, and refused when it is asked for. */
function describe(encryptedKey: Buffer): Encryption {
  try {
    const { scheme } = readEncryptedKey(encryptedKey);
    return typeof scheme === 'string' ? { algorithm: scheme, iterations: null } : { algorithm: scheme.name, iterations: scheme.iterations };
  } catch (error) {
    if (isAppError(error, 'KEYSTORE_ALGORITHM_UNSUPPORTED')) return NOT_ENCRYPTED;
    throw error;
  }
}

function readAttributes(list: DerReader): Attributes {
  let { alias, createdAt } = NO_ATTRIBUTES;
  while (!list.done) {
    const attribute = list.enter(TAG.sequence);
    const type = attribute.oid();
    const values = attribute.enter(TAG.set);
    attribute.end();
    if (type === OID.friendlyName) alias = readBmpString(values.take(TAG.bmpString).content).toLowerCase();
    if (type === OID.localKeyId) createdAt = readTime(values.octets());
  }
  return { alias, createdAt };
}

function readBmpString(content: Buffer): string {
  if (content.length % 2 !== 0) throw malformed('a name of an odd number of bytes');
  return Buffer.from(content).swap16().toString('utf16le');
}

function readTime(localKeyId: Buffer): number | null {
  const match = /^Time (\d{1,15})$/.exec(localKeyId.toString('latin1'));
  return match === null ? null : Number(match[1]);
}

function writeAttribute(type: string, value: Buffer): Buffer {
  return derSequence(derOid(type), derElement(TAG.set, value));
}
