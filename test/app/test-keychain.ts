import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keychain } from '../../app/keychain.ts';
import { SecretBytes } from '../../main/secret.ts';

/** A keychain that seals for good (AES-256-GCM under a key of its own), and can be taken away. */
export class TestKeychain implements Keychain {
  readonly #key = randomBytes(32);
  is: 'here' | 'gone' | 'refusing' = 'here';
  opened = 0;

  available(): boolean {
    return this.is !== 'gone';
  }

  async seal(plain: SecretBytes): Promise<Buffer> {
    if (this.is === 'refusing') throw new Error(plain.use((bytes) => `can not seal ${bytes.toString()}`));
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const sealed = plain.use((bytes) => Buffer.concat([cipher.update(bytes), cipher.final()]));
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  }

  async open(sealed: Uint8Array): Promise<SecretBytes> {
    this.opened += 1;
    if (this.is === 'refusing') throw new Error('The keychain is locked.');
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return SecretBytes.take(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]));
  }
}
