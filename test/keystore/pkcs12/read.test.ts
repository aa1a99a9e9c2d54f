import { describe, expect, test } from 'vitest';

import { openPkcs12 } from '../../../main/keystore/pkcs12/content.ts';
import { listPkcs12 } from '../../../main/keystore/pkcs12/list.ts';
import { FIXTURE_KEYS, FIXTURE_PASSWORD, codeOf, fixture, hexOf, secret } from '../fixtures.ts';

const password = secret(FIXTURE_PASSWORD);

describe('what keytool wrote', () => {
  const keys = Object.entries(FIXTURE_KEYS).flatMap(([file, aliases]) => Object.entries(aliases).map(([alias, key]) => ({ file, alias, key })));

  test.each(keys)('$file: $alias', ({ file, alias, key }) => {
    using content = openPkcs12(fixture(file), password);
    expect(hexOf(content.secretKey(alias))).toBe(key);
    expect(hexOf(content.secretKey(alias.toUpperCase()))).toBe(key);
    expect(content.secretKey(`${alias}-not`)).toBeNull();
  });

  test('entries of a file with a key pair, its encrypted certificates included', () => {
    using content = openPkcs12(fixture('mixed-current.p12'), password);
    expect(content.entries().map(({ alias, kind }) => [alias, kind])).toEqual([
      ['masterkey_key_name', 'secret-key'],
      ['server', 'private-key'],
      ['second_key', 'secret-key'],
      ['server', 'certificate'],
    ]);
    expect(content.aliases()).toEqual(['masterkey_key_name', 'server', 'second_key']);
    expect(content.entries()[0]).toMatchObject({ createdAt: 1795312524696, iterations: 10_000, algorithm: 'PBES2 PBKDF2-HMAC-SHA256 AES-256-CBC' });
  });

  test('a safe under RC2-40 stays closed, the keys beside it do not', () => {
    using content = openPkcs12(fixture('mixed-legacy.p12'), password);
    expect(content.aliases()).toEqual(['masterkey_key_name', 'server', 'second_key']);
    expect(content.entries()[0]).toMatchObject({ iterations: 50_000, algorithm: 'PBE-SHA1 3DES-CBC' });
  });

  test.each(['openssl.p12', 'openssl-plain-key.p12'])('%s holds a private key, which is no protection key', (file) => {
    using content = openPkcs12(fixture(file), password);
    expect(codeOf(() => content.secretKey('server'))).toBe('KEYSTORE_ENTRY_NOT_AES256');
    expect(content.secretKey('masterkey_key_name')).toBeNull();
  });
});

describe('without the password', () => {
  test.each([
    ['current.p12', 'HMAC-SHA256', 10_000, 1, 0],
    ['legacy.p12', 'HMAC-SHA1', 100_000, 1, 0],
    ['sha384.p12', 'HMAC-SHA384', 10_000, 1, 0],
    ['sha512.p12', 'HMAC-SHA512', 10_000, 1, 0],
    ['mixed-current.p12', 'HMAC-SHA256', 10_000, 3, 1],
    ['mixed-legacy.p12', 'HMAC-SHA1', 100_000, 3, 1],
  ])('%s lists its integrity check and its keys', (file, algorithm, iterations, entries, closedSafes) => {
    const listing = listPkcs12(fixture(file));
    expect(listing.mac).toEqual({ algorithm, iterations });
    expect(listing.entries).toHaveLength(entries);
    expect(listing.closedSafes).toBe(closedSafes);
    expect(listing.entries[0]).toMatchObject({ alias: 'masterkey_key_name', kind: 'secret-key' });
  });

  test('a file without integrity check is listed, and named as such', () => {
    expect(listPkcs12(fixture('no-mac.p12'))).toMatchObject({ mac: null, entries: [{ alias: 'masterkey_key_name' }] });
  });

  test('an unknown key encryption shows its object identifier', () => {
    expect(listPkcs12(fixture('rc2-key.p12')).entries[0]).toMatchObject({ algorithm: '1.2.840.113549.1.12.1.5', iterations: null });
  });
});

describe('refused with one code', () => {
  test.each([
    ['the wrong password', 'current.p12', 'changeis', 'KEYSTORE_PASSWORD_WRONG'],
    ['the wrong password of a legacy file', 'legacy.p12', 'changeit ', 'KEYSTORE_PASSWORD_WRONG'],
    ['no password', 'current.p12', '', 'KEYSTORE_PASSWORD_MISSING'],
    ['a password that Java refuses', 'current.p12', 'chängeit', 'KEYSTORE_PASSWORD_NOT_ASCII'],
    ['JKS', 'java.jks', 'changeit', 'KEYSTORE_FORMAT_UNKNOWN'],
    ['JCEKS', 'java.jceks', 'changeit', 'KEYSTORE_FORMAT_UNKNOWN'],
    ['a file without integrity check', 'no-mac.p12', 'changeit', 'KEYSTORE_ALGORITHM_UNSUPPORTED'],
  ])('%s', (_name, file, text, code) => {
    expect(codeOf(() => openPkcs12(fixture(file), secret(text)))).toBe(code);
  });

  test('an empty file, and one that is something else', () => {
    expect(codeOf(() => openPkcs12(Buffer.alloc(0), password))).toBe('KEYSTORE_MALFORMED');
    expect(codeOf(() => openPkcs12(Buffer.from('-----BEGIN CERTIFICATE-----'), password))).toBe('KEYSTORE_MALFORMED');
  });

  test('keys of another size, algorithm or encryption, while the file itself opens', () => {
    using others = openPkcs12(fixture('other-keys.p12'), password);
    expect(codeOf(() => others.secretKey('short'))).toBe('KEYSTORE_ENTRY_NOT_AES256');
    expect(codeOf(() => others.secretKey('mac_key'))).toBe('KEYSTORE_ENTRY_NOT_AES256');
    using rc2 = openPkcs12(fixture('rc2-key.p12'), password);
    expect(codeOf(() => rc2.secretKey('masterkey_key_name'))).toBe('KEYSTORE_ALGORITHM_UNSUPPORTED');
  });

  test('anything after it was disposed', () => {
    const content = openPkcs12(fixture('current.p12'), password);
    content.dispose();
    expect(codeOf(() => content.secretKey('masterkey_key_name'))).toBe('SECRET_DISPOSED');
    expect(codeOf(() => content.encode())).toBe('SECRET_DISPOSED');
    expect(password.disposed).toBe(false);
  });
});
