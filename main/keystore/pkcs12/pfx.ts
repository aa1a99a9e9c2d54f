import { isAppError } from '../../errors.ts';
import { DerReader, TAG, derElement, derInteger, derOctets, derOid, derSequence } from '../der.ts';
import { detectKeyStoreFormat } from '../detect.ts';
import { formatUnknown, malformed, unsupported } from '../failures.ts';
import { readMac, type Mac } from './mac.ts';
import { OID } from './oids.ts';
import type { PasswordScheme } from './password-scheme.ts';
import { readScheme } from './schemes.ts';

/** One ContentInfo of the AuthenticatedSafe. `raw` is all of it, so that it can be written again byte for byte. */
export type RawSafe =
  | { readonly kind: 'plain'; readonly raw: Buffer; readonly safeContents: Buffer }
  | { readonly kind: 'encrypted'; readonly raw: Buffer; readonly scheme: PasswordScheme; readonly ciphertext: Buffer }
  /** Of a kind or an algorithm that is not read: kept, never looked into. */
  | { readonly kind: 'opaque'; readonly raw: Buffer };

/** A PFX as far as it can be read without the password. Everything is a view into the file's bytes. */
export interface Pfx {
  /** What the MAC covers. */
  readonly authenticatedSafe: Buffer;
  readonly safes: readonly RawSafe[];
  /** null where the file has no integrity check at all. */
  readonly mac: Mac | null;
}

/**
 * Reads the frame of a PKCS#12 file (PFX, RFC 7292, section 4).
 * @throws AppError `KEYSTORE_MALFORMED`, `KEYSTORE_FORMAT_UNKNOWN` (JKS, JCEKS, BER), `KEYSTORE_ALGORITHM_UNSUPPORTED`
 */
export function readPfx(bytes: Uint8Array): Pfx {
  const format = detectKeyStoreFormat(bytes);
  if (format === 'jks' || format === 'jceks') throw formatUnknown(`in Java's own ${format.toUpperCase()} format`);
  if (format === null) throw malformed(bytes.length === 0 ? 'it is empty' : 'it does not start as a KeyStore');

  const outer = new DerReader(bytes);
  const pfx = outer.enter(TAG.sequence);
  outer.end();
  if (pfx.integer() !== 3) throw malformed('another version than 3');
  const contentInfo = pfx.enter(TAG.sequence);
  const mac = pfx.done ? null : readMac(pfx.enter(TAG.sequence));
  pfx.end();

  const contentType = contentInfo.oid();
  if (contentType !== OID.data) throw unsupported(`the integrity mode ${contentType}`);
  const authenticatedSafe = readData(contentInfo);
  return { authenticatedSafe, mac, safes: readSafes(authenticatedSafe) };
}

/** A PFX around `authenticatedSafe` with the MacData `mac`. */
export function writePfx(authenticatedSafe: Uint8Array, mac: Uint8Array): Buffer {
  return derSequence(derInteger(3), writeDataContentInfo(authenticatedSafe), mac);
}

/** A ContentInfo of type data. */
export function writeDataContentInfo(content: Uint8Array): Buffer {
  return derSequence(derOid(OID.data), derElement(TAG.context0, derOctets(content)));
}

function readSafes(authenticatedSafe: Buffer): RawSafe[] {
  const outer = new DerReader(authenticatedSafe);
  const list = outer.enter(TAG.sequence);
  outer.end();
  const safes: RawSafe[] = [];
  while (!list.done) safes.push(readSafe(list.take(TAG.sequence)));
  return safes;
}

function readSafe({ raw, content }: { raw: Buffer; content: Buffer }): RawSafe {
  const contentInfo = new DerReader(content);
  const contentType = contentInfo.oid();
  if (contentType === OID.data) return { kind: 'plain', raw, safeContents: readData(contentInfo) };
  if (contentType === OID.encryptedData) return readEncryptedSafe(raw, contentInfo);
  return { kind: 'opaque', raw };
}

/** EncryptedData of RFC 5652, section 8, with its content in one piece. */
function readEncryptedSafe(raw: Buffer, contentInfo: DerReader): RawSafe {
  const explicit = contentInfo.enter(TAG.context0);
  contentInfo.end();
  const encryptedData = explicit.enter(TAG.sequence);
  explicit.end();
  encryptedData.integer();
  const encryptedContent = encryptedData.enter(TAG.sequence);
  const contentType = encryptedContent.oid();
  const algorithm = encryptedContent.enter(TAG.sequence);
  if (contentType !== OID.data || encryptedContent.nextTag !== TAG.context0Primitive) return { kind: 'opaque', raw };
  const ciphertext = encryptedContent.take(TAG.context0Primitive).content;
  encryptedContent.end();
  try {
    const scheme = readScheme(algorithm);
    return typeof scheme === 'string' ? { kind: 'opaque', raw } : { kind: 'encrypted', raw, scheme, ciphertext };
  } catch (error) {
    if (isAppError(error, 'KEYSTORE_ALGORITHM_UNSUPPORTED')) return { kind: 'opaque', raw };
    throw error;
  }
}

/** The rest of a ContentInfo of type data: [0] EXPLICIT OCTET STRING. */
function readData(contentInfo: DerReader): Buffer {
  const explicit = contentInfo.enter(TAG.context0);
  contentInfo.end();
  const content = explicit.octets();
  explicit.end();
  return content;
}
