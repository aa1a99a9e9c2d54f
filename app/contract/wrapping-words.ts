import type { GenerationView } from './keys.ts';

type Wrapping = Readonly<GenerationView['wrapping']>;

/** As many characters of a key's ID as tell keys apart. */
const SHORT = 9;
const PROVIDERS: Readonly<Record<string, string>> = { AWS_KMS: 'AWS', GCP_KMS: 'Google', KMIP_KMS: 'KMIP' };

/** Which kind of key wraps a generation, and which one, in a few words: the same in the window and on the command line. */
export function protectionWords(wrapping: Wrapping): string {
  const keyId = wrapping['keyId'] ?? '';
  const kind = wrapping['kind'];
  if (kind === 'kms') return `${PROVIDERS[wrapping['provider'] ?? ''] ?? 'KMS'} ${shortKmsKey(keyId)}`;
  return `${kind === 'keystore' ? 'KeyStore' : (kind ?? 'unknown')} ${keyId.slice(0, SHORT)}`.trim();
}

/** The last part of a KMS key's name; of a UUID its first group. */
function shortKmsKey(keyId: string): string {
  const name = keyId.split('/').at(-1) ?? keyId;
  return /^[0-9a-f]{8}-/.test(name) ? name.slice(0, 8) : name.slice(0, 24);
}
