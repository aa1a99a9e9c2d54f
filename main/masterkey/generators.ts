import { randomSecret } from '../crypto/random.ts';
import type { SecretBytes } from '../secret.ts';

/** Makes the plain key of a new generation; the caller owns it. Replaced in tests that must know the key. */
export type GenerateKey = () => SecretBytes;

/** `Java_AES`: 256 bits from the operating system's CSPRNG (domain rule 3). */
export const generateJavaAes: GenerateKey = () => randomSecret(32);
