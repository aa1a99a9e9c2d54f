import { expect, test } from 'vitest';

import { checkNewPassword, checkPassword, toBmpPassword } from '../../main/keystore/password.ts';
import { codeOf, hexOf, secret } from './fixtures.ts';

test.each(['changeit', 'a', ' with spaces and ~!@#$%^&*() '])('"%s" opens', (password) => {
  expect(() => checkPassword(secret(password))).not.toThrow();
});

test.each(['pässwort', 'пароль', 'tab\there', 'line\n', 'nul\0'])('%j is refused, as Java refuses it', (password) => {
  expect(codeOf(() => checkPassword(secret(password)))).toBe('KEYSTORE_PASSWORD_NOT_ASCII');
});

test('none at all is missing', () => {
  expect(codeOf(() => checkPassword(secret('')))).toBe('KEYSTORE_PASSWORD_MISSING');
});

test('a new one has six characters, as keytool wants', () => {
  expect(codeOf(() => checkNewPassword(secret('12345')))).toBe('KEYSTORE_PASSWORD_TOO_SHORT');
  expect(() => checkNewPassword(secret('123456'))).not.toThrow();
});

test('PKCS#12 takes it as UTF-16BE with two zero bytes', () => {
  expect(hexOf(toBmpPassword(secret('Beavis')))).toBe('0042006500610076006900730000');
});
