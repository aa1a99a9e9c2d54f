import { readBags, type KeyStoreEntry } from './bags.ts';
import { macAlgorithmName } from './mac.ts';
import { readPfx } from './pfx.ts';

/** What a PKCS#12 file shows without its password. Not authenticated: only the password tells whether it is genuine. */
export interface Pkcs12Listing {
  /** Entries of the plain safes; keytool keeps all keys there. */
  readonly entries: readonly KeyStoreEntry[];
  /** Number of safes that are closed without the password; keytool keeps certificates there. */
  readonly closedSafes: number;
  /** The integrity check; null where the file has none. */
  readonly mac: { readonly algorithm: string; readonly iterations: number } | null;
}

/** @throws AppError `KEYSTORE_MALFORMED`, `KEYSTORE_FORMAT_UNKNOWN`, `KEYSTORE_ALGORITHM_UNSUPPORTED` */
export function listPkcs12(bytes: Uint8Array): Pkcs12Listing {
  const { safes, mac } = readPfx(bytes);
  return {
    entries: safes.flatMap((safe) => (safe.kind === 'plain' ? readBags(safe.safeContents).map((bag) => bag.entry) : [])),
    closedSafes: safes.filter((safe) => safe.kind !== 'plain').length,
    mac: mac === null ? null : { algorithm: macAlgorithmName(mac), iterations: mac.iterations },
  };
}
