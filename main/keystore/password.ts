import { AppError } from '../errors.ts';
import { SecretBytes } from '../secret.ts';

/**
 * Refuses a password that the JDK would refuse for PKCS12 as well: one with anything but printable ASCII characters
 * (javax.crypto PBEKey), or none at all.
 * @throws AppError `KEYSTORE_PASSWORD_MISSING`, `KEYSTORE_PASSWORD_NOT_ASCII`
 */
export function checkPassword(password: SecretBytes): void {
  if (password.length === 0) {
    throw new AppError('KEYSTORE_PASSWORD_MISSING', 'No password was given for the KeyStore.', 'Give the password that the KeyStore was made with.');
  }
  const printable = password.use((bytes) => bytes.every((byte) => byte >= 0x20 && byte <= 0x7e));
  if (!printable) {
    throw new AppError(
      'KEYSTORE_PASSWORD_NOT_ASCII',
      'The KeyStore password holds characters other than printable ASCII; Java opens no PKCS12 KeyStore with it.',
      'Use letters, digits and punctuation of ASCII only; a password file must not hold tabs or control characters.',
    );
  }
}

/** The shortest password that keytool takes for a new KeyStore. */
const MIN_NEW_PASSWORD = 6;

/**
 * {@link checkPassword} for a KeyStore that is to be made.
 * @throws AppError also `KEYSTORE_PASSWORD_TOO_SHORT`
 */
export function checkNewPassword(password: SecretBytes): void {
  checkPassword(password);
  if (password.length < MIN_NEW_PASSWORD) {
    throw new AppError(
      'KEYSTORE_PASSWORD_TOO_SHORT',
      `A KeyStore password has at least ${MIN_NEW_PASSWORD} characters; keytool would not open this one.`,
      'Choose a longer password.',
      { details: { minimum: MIN_NEW_PASSWORD } },
    );
  }
}

/** An ASCII password as PKCS#12's own key derivation takes it: UTF-16BE with two zero bytes (RFC 7292, B.1). */
export function toBmpPassword(password: SecretBytes): SecretBytes {
  return password.use((bytes) => {
    const wide = Buffer.alloc(bytes.length * 2 + 2);
    bytes.forEach((byte, index) => (wide[index * 2 + 1] = byte));
    return SecretBytes.take(wide);
  });
}
