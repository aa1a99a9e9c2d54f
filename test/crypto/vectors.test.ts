import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decrypt, encryptInto } from '../../main/crypto/aead.ts';
import type { HashName } from '../../main/crypto/algorithms.ts';
import { hmac } from '../../main/crypto/hmac.ts';
import { kbkdfCounterOverFixedInput } from '../../main/crypto/kdf.ts';
import { bytesOf, readCavp } from './cavp.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Ciphertext || tag in hex, written between two bytes that must stay as they are. */
function encrypted(key: Buffer, iv: Buffer, additionalData: Buffer, plain: Buffer): string {
  const target = Buffer.alloc(plain.length + 18, 0xee);
  expect(encryptInto(target, 1, 'aes-256-gcm', key, iv, additionalData, plain)).toBe(plain.length + 17);
  expect([target[0], target.at(-1)]).toEqual([0xee, 0xee]);
  return target.toString('hex', 1, plain.length + 17);
}

interface AeadGroup {
  keySize: number;
  ivSize: number;
  tagSize: number;
  tests: { tcId: number; comment: string; key: string; iv: string; aad: string; msg: string; ct: string; tag: string; result: string }[];
}
interface MacGroup {
  tagSize: number;
  tests: { tcId: number; comment: string; key: string; msg: string; tag: string; result: string }[];
}

function wycheproof<Group>(file: string): Group[] {
  const document = JSON.parse(readFileSync(new URL(`../vectors/wycheproof/${file}`, import.meta.url), 'utf8')) as { testGroups: Group[] };
  return document.testGroups;
}

describe('AES-256-GCM', () => {
  test('Wycheproof: every vector of our parameters', () => {
    const tests = wycheproof<AeadGroup>('aes_gcm_test.json')
      .filter((group) => group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128)
      .flatMap((group) => group.tests);
    expect(tests.length).toBe(66);
    for (const vector of tests) {
      const [key, iv, aad, msg, ct, tag] = [vector.key, vector.iv, vector.aad, vector.msg, vector.ct, vector.tag].map(hex) as [
        Buffer, Buffer, Buffer, Buffer, Buffer, Buffer,
      ];
      const opened = decrypt('aes-256-gcm', key, iv, aad, Buffer.concat([ct, tag]));
      const sealed = encrypted(key, iv, aad, msg);
      if (vector.result === 'valid') {
        expect(opened?.toString('hex'), `tcId ${vector.tcId}`).toBe(vector.msg);
        expect(sealed, `tcId ${vector.tcId}`).toBe(vector.ct + vector.tag);
      } else {
        expect(opened, `tcId ${vector.tcId} ${vector.comment}`).toBeNull();
        expect(sealed).not.toBe(vector.ct + vector.tag);
      }
    }
  });

  test('CAVP: decryption', () => {
    const tests = readCavp('gcmDecrypt256-IV96-Tag128.rsp');
    expect(tests.length).toBe(375);
    for (const vector of tests) {
      const sealed = Buffer.concat([bytesOf(vector, 'CT'), bytesOf(vector, 'Tag')]);
      const opened = decrypt('aes-256-gcm', bytesOf(vector, 'Key'), bytesOf(vector, 'IV'), bytesOf(vector, 'AAD'), sealed);
      expect(opened?.toString('hex') ?? null).toBe(vector.words.has('FAIL') ? null : vector.values.get('PT'));
    }
    expect(tests.filter((vector) => vector.words.has('FAIL')).length).toBeGreaterThan(100);
  });

  test('CAVP: encryption', () => {
    const tests = readCavp('gcmEncryptExtIV256-IV96-Tag128.rsp');
    expect(tests.length).toBe(375);
    for (const vector of tests) {
      const sealed = encrypted(bytesOf(vector, 'Key'), bytesOf(vector, 'IV'), bytesOf(vector, 'AAD'), bytesOf(vector, 'PT'));
      expect(sealed).toBe(`${vector.values.get('CT')}${vector.values.get('Tag')}`);
    }
  });
});

describe('HMAC', () => {
  const files: [HashName, string][] = [
    ['sha512', 'hmac_sha512_test.json'],
    ['sha512-256', 'hmac_sha512_256_test.json'],
  ];
  test.each(files)('Wycheproof: every vector of HMAC-%s', (hash, file) => {
    let checked = 0;
    for (const group of wycheproof<MacGroup>(file)) {
      for (const vector of group.tests) {
        const mac = Buffer.from(hmac(hash, hex(vector.key), hex(vector.msg))).subarray(0, group.tagSize / 8).toString('hex');
        if (vector.result === 'valid') expect(mac, `tcId ${vector.tcId}`).toBe(vector.tag);
        else expect(mac, `tcId ${vector.tcId} ${vector.comment}`).not.toBe(vector.tag);
        checked++;
      }
    }
    expect(checked).toBe(hash === 'sha512' ? 174 : 175);
  });

  test('RFC 4231: a key and a message longer than a block', () => {
    const key = Buffer.alloc(131, 0xaa);
    const short = hmac('sha512', key, Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'));
    expect(Buffer.from(short).toString('hex')).toBe(
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
    );
    const long = hmac(
      'sha512',
      key,
      Buffer.from(
        'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      ),
    );
    expect(Buffer.from(long).toString('hex')).toBe(
      'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
    );
  });
});

describe('KBKDF, counter mode', () => {
  test('CAVP: HMAC-SHA-512, 32-bit counter before the fixed input', () => {
    const tests = readCavp('KBKDF-CTR-HMAC_SHA512-BEFORE_FIXED-32.txt');
    expect(tests.length).toBe(40);
    for (const vector of tests) {
      const bits = Number(vector.values.get('L'));
      const output = kbkdfCounterOverFixedInput('sha512', bytesOf(vector, 'KI'), bytesOf(vector, 'FixedInputData'), bits);
      expect(Buffer.from(output).toString('hex')).toBe(vector.values.get('KO'));
    }
  });
});
