import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SecretBytes } from '../../../main/secret.ts';
import { DerReader, TAG, derElement, derInteger, derOid, derSequence } from '../../../main/keystore/der.ts';
import { readBags, writeSecretKeyBag } from '../../../main/keystore/pkcs12/bags.ts';
import { emptyPkcs12, openPkcs12, type KeyStoreContent } from '../../../main/keystore/pkcs12/content.ts';
import { listPkcs12 } from '../../../main/keystore/pkcs12/list.ts';
import { writeMac } from '../../../main/keystore/pkcs12/mac.ts';
import { OID } from '../../../main/keystore/pkcs12/oids.ts';
import { readPfx, writeDataContentInfo, writePfx } from '../../../main/keystore/pkcs12/pfx.ts';
import { sealSecretKey } from '../../../main/keystore/pkcs12/secret-key.ts';
import { writePbes2 } from '../../../main/keystore/pkcs12/pbes2.ts';
import { FIXTURE_KEYS, FIXTURE_PASSWORD, codeOf, fixture, hexOf, secret } from '../fixtures.ts';

const password = secret(FIXTURE_PASSWORD);
const key = (): SecretBytes => SecretBytes.take(randomBytes(32));

function reopened(content: KeyStoreContent): KeyStoreContent {
  return openPkcs12(content.encode(), password);
}

/** A whole file around ready ContentInfos, as a foreign program could have written it. */
function fileOf(...contentInfos: Buffer[]): Buffer {
  const authenticatedSafe = derSequence(...contentInfos);
  return writePfx(authenticatedSafe, writeMac(authenticatedSafe, password));
}

describe('round trips', () => {
  test('an empty KeyStore', () => {
    using content = reopened(emptyPkcs12(password));
    expect(content.entries()).toEqual([]);
    expect(content.secretKey('masterkey_key_name')).toBeNull();
  });

  test('any aliases, keys, times and passwords', () => {
    const alias = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text) && text.length <= 255);
    const entry = fc.record({ alias, bytes: fc.uint8Array({ minLength: 32, maxLength: 32 }), createdAt: fc.integer({ min: 0, max: 4e12 }) });
    const anyPassword = fc.stringMatching(/^[ -~]{1,40}$/);
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), anyPassword, (entries, text) => {
        using given = secret(text);
        let content = emptyPkcs12(given);
        const expected = new Map<string, { hex: string; createdAt: number }>();
        for (const each of entries) {
          content = content.withSecretKey(each.alias, SecretBytes.copyOf(each.bytes), each.createdAt);
          expected.set(each.alias.toLowerCase(), { hex: Buffer.from(each.bytes).toString('hex'), createdAt: each.createdAt });
        }
        using read = openPkcs12(content.encode(), given);
        expect(read.aliases().toSorted()).toEqual([...expected.keys()].toSorted());
        for (const each of read.entries()) {
          const facts = expected.get(each.alias ?? '');
          expect(each.createdAt).toBe(facts?.createdAt);
          expect(hexOf(read.secretKey(each.alias ?? ''))).toBe(facts?.hex);
        }
        content.dispose();
      }),
      { numRuns: 40 },
    );
  });

  test('what is written says what keytool says', () => {
    const bytes = emptyPkcs12(password).withSecretKey('MasterKey_Key_Name', key(), 1_700_000_000_000).encode();
    expect(listPkcs12(bytes)).toEqual({
      entries: [
        {
          alias: 'masterkey_key_name',
          kind: 'secret-key',
          createdAt: 1_700_000_000_000,
          algorithm: 'PBES2 PBKDF2-HMAC-SHA256 AES-256-CBC',
          iterations: 10_000,
        },
      ],
      closedSafes: 0,
      mac: { algorithm: 'HMAC-SHA256', iterations: 10_000 },
    });
    expect(bytes).toHaveLength(fixture('current.p12').length);
  });

  test('no key byte stands in the file', () => {
    using secretKey = key();
    const bytes = emptyPkcs12(password).withSecretKey('k', secretKey, 0).encode();
    expect(secretKey.use((plain) => bytes.includes(plain.subarray(0, 8)))).toBe(false);
  });

  test('a content stays what it was when another is made from it', () => {
    const before = openPkcs12(fixture('current.p12'), password);
    const after = before.withSecretKey('history', key(), 1);
    expect(before.aliases()).toEqual(['masterkey_key_name']);
    expect(after.aliases()).toEqual(['masterkey_key_name', 'history']);
  });
});

describe('nothing is lost', () => {
  test.each(['current.p12', 'legacy.p12', 'mixed-current.p12', 'mixed-legacy.p12', 'other-keys.p12', 'rc2-key.p12', 'openssl.p12', 'openssl-plain-key.p12', 'sha512.p12'])(
    '%s keeps every byte of every bag and every closed safe',
    (file) => {
      const old = fixture(file);
      using content = openPkcs12(old, password);
      const bytes = content.withSecretKey('history-1', key(), 1).withSecretKey('history-2', key(), 2).encode();
      for (const safe of readPfx(old).safes) {
        if (safe.kind !== 'plain') expect(bytes.includes(safe.raw)).toBe(true);
        else for (const bag of readBags(safe.safeContents)) expect(bytes.includes(bag.raw)).toBe(true);
      }
      using read = openPkcs12(bytes, password);
      expect(read.entries()).toHaveLength(content.entries().length + 2);
      for (const [alias, hex] of Object.entries(FIXTURE_KEYS[file] ?? {})) expect(hexOf(read.secretKey(alias))).toBe(hex);
    },
  );

  test('a file that is only written again keeps all that its integrity check covers', () => {
    for (const file of ['mixed-current.p12', 'mixed-legacy.p12', 'openssl.p12']) {
      using content = openPkcs12(fixture(file), password);
      expect(readPfx(content.encode()).authenticatedSafe).toEqual(readPfx(fixture(file)).authenticatedSafe);
    }
  });

  test('unknown bags, attributes, content types and ciphers are kept', () => {
    const unknownBag = derSequence(derOid('1.2.3.4'), derElement(TAG.context0, Buffer.from('0500', 'hex')));
    const unknownAttribute = derSequence(derOid('1.2.3.5'), derElement(TAG.set, Buffer.from('0500', 'hex')));
    const nested = derSequence(
      derOid('1.2.840.113549.1.12.10.1.6'),
      derElement(TAG.context0, derSequence(unknownBag)),
      derElement(TAG.set, unknownAttribute),
    );
    const foreignSecret = derSequence(
      derOid(OID.secretBag),
      derElement(TAG.context0, derSequence(derOid('1.2.3.6'), derElement(TAG.context0, Buffer.from('0500', 'hex')))),
    );
    const enveloped = derSequence(derOid('1.2.840.113549.1.7.3'), derElement(TAG.context0, Buffer.from('0500', 'hex')));
    const content = derSequence(unknownBag, nested, foreignSecret);
    using opened = openPkcs12(fileOf(enveloped, writeDataContentInfo(content)), password);
    expect(opened.entries().map(({ kind }) => kind)).toEqual(['other', 'other', 'secret-key']);
    const bytes = opened.withSecretKey('masterkey_key_name', key(), 1).encode();
    for (const part of [unknownBag, nested, foreignSecret, enveloped]) expect(bytes.includes(part)).toBe(true);
  });
});

describe('replacing', () => {
  test('takes the place of the old key and touches nothing else', () => {
    using content = openPkcs12(fixture('mixed-current.p12'), password);
    using next = key();
    using read = reopened(content.withSecretKey('MASTERKEY_KEY_NAME', next, 5));
    expect(read.entries().map(({ alias }) => alias)).toEqual(['masterkey_key_name', 'server', 'second_key', 'server']);
    expect(hexOf(read.secretKey('masterkey_key_name'))).toBe(next.use((bytes) => bytes.toString('hex')));
    expect(hexOf(read.secretKey('second_key'))).toBe(FIXTURE_KEYS['mixed-current.p12']?.['second_key']);
  });

  test('of an alias that is there twice replaces the one that counts', () => {
    const [first, second, third] = [key(), key(), key()];
    const bags = [first, second].map((each, index) => writeSecretKeyBag('twice', sealSecretKey('twice', each, password), index).raw);
    using content = openPkcs12(fileOf(writeDataContentInfo(derSequence(...bags))), password);
    expect(content.entries()).toMatchObject([{ alias: 'twice', createdAt: 1 }]);
    expect(hexOf(content.secretKey('twice'))).toBe(hexOf(second));
    expect(hexOf(content.withSecretKey('twice', third, 2).secretKey('twice'))).toBe(hexOf(third));
  });

  test('of a key in an encrypted safe is done by a later one, and the safe is kept', () => {
    const [old, next] = [key(), key()];
    const bag = writeSecretKeyBag('hidden', sealSecretKey('hidden', old, password), 1).raw;
    const [algorithm, ciphertext] = splitEncrypted(writePbes2(derSequence(bag), password));
    const encryptedContent = derSequence(derOid(OID.data), algorithm, derElement(TAG.context0Primitive, ciphertext));
    const safe = derSequence(derOid(OID.encryptedData), derElement(TAG.context0, derSequence(derInteger(0), encryptedContent)));
    using content = openPkcs12(fileOf(safe), password);
    expect(hexOf(content.secretKey('hidden'))).toBe(hexOf(old));
    const bytes = content.withSecretKey('hidden', next, 2).encode();
    expect(bytes.includes(safe)).toBe(true);
    using read = openPkcs12(bytes, password);
    expect(read.entries()).toMatchObject([{ alias: 'hidden', createdAt: 2 }]);
    expect(hexOf(read.secretKey('hidden'))).toBe(hexOf(next));
  });

  test('never of a private key or a certificate', () => {
    using content = openPkcs12(fixture('mixed-current.p12'), password);
    expect(codeOf(() => content.withSecretKey('Server', key(), 1))).toBe('KEYSTORE_ENTRY_NOT_AES256');
  });
});

describe('refused with one code', () => {
  const content = emptyPkcs12(password);

  test.each([0, 16, 31, 33])('a key of %i bytes', (length) => {
    expect(codeOf(() => content.withSecretKey('a', SecretBytes.take(Buffer.alloc(length)), 0))).toBe('KEYSTORE_ENTRY_NOT_AES256');
  });

  test.each(['', 'x'.repeat(256), 'line\nbreak', 'half \ud800'])('the alias %j', (alias) => {
    expect(codeOf(() => content.withSecretKey(alias, key(), 0))).toBe('INPUT_INVALID');
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('the time %d', (time) => {
    expect(codeOf(() => content.withSecretKey('a', key(), time))).toBe('INPUT_INVALID');
  });

  test('an entry with a password of its own', () => {
    using other = secret('another password');
    const bag = writeSecretKeyBag('own', sealSecretKey('own', key(), other), 1).raw;
    using opened = openPkcs12(fileOf(writeDataContentInfo(derSequence(bag))), password);
    expect(codeOf(() => opened.secretKey('own'))).toBe('KEYSTORE_PASSWORD_WRONG');
  });
});

test('10,000 history records open without deriving 10,000 keys', () => {
  const encrypted = sealSecretKey('h', key(), password);
  const bags = Array.from({ length: 10_000 }, (_, index) => writeSecretKeyBag(`masterkey_key_name-${index}`, encrypted, index).raw);
  const bytes = fileOf(writeDataContentInfo(derSequence(...bags)));
  const started = performance.now();
  using content = openPkcs12(bytes, password);
  expect(content.aliases()).toHaveLength(10_000);
  expect(content.secretKey('masterkey_key_name-9999')).not.toBeNull();
  // One derivation of each kind takes some 10 ms; 10,000 would take 12 s at the very least.
  expect(performance.now() - started).toBeLessThan(5000);
});

/** AlgorithmIdentifier and ciphertext of an EncryptedPrivateKeyInfo, to build an EncryptedData from. */
function splitEncrypted(info: Buffer): [Buffer, Buffer] {
  const reader = new DerReader(info).enter(TAG.sequence);
  return [reader.take(TAG.sequence).raw, reader.octets()];
}
