export type KeyStoreFormat = 'pkcs12' | 'jceks' | 'jks';

/**
 * Tells a KeyStore's format from its first bytes, without judging the rest; null where it is none of the three.
 * JKS and JCEKS start with their magic number (sun.security.provider.JavaKeyStore, com.sun.crypto.provider.JceKeyStore),
 * PKCS#12 with a SEQUENCE whose first element is the INTEGER 3 (RFC 7292, section 4).
 */
export function detectKeyStoreFormat(bytes: Uint8Array): KeyStoreFormat | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < 5) return null;
  const magic = view.readUInt32BE(0);
  if (magic === 0xfeedfeed) return 'jks';
  if (magic === 0xcececece) return 'jceks';
  if (view[0] !== 0x30) return null;
  const first = view[1] ?? 0;
  const contentStart = first <= 0x80 ? 2 : 2 + (first & 0x7f);
  const isVersion3 = view[contentStart] === 0x02 && view[contentStart + 1] === 0x01 && view[contentStart + 2] === 0x03;
  return isVersion3 ? 'pkcs12' : null;
}
