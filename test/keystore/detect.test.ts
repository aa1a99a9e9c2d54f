import { expect, test } from 'vitest';

import { detectKeyStoreFormat } from '../../main/keystore/detect.ts';
import { fixture } from './fixtures.ts';

test.each([
  ['current.p12', 'pkcs12'],
  ['legacy.p12', 'pkcs12'],
  ['openssl.p12', 'pkcs12'],
  ['java.jks', 'jks'],
  ['java.jceks', 'jceks'],
] as const)('%s is %s', (name, format) => {
  expect(detectKeyStoreFormat(fixture(name))).toBe(format);
});

test('BER with indefinite lengths is PKCS#12 all the same', () => {
  expect(detectKeyStoreFormat(Buffer.from('30800201033080', 'hex'))).toBe('pkcs12');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['zeroes', Buffer.alloc(64)],
  ['text', Buffer.from('-----BEGIN CERTIFICATE-----')],
  ['another version', Buffer.from('3003020101', 'hex')],
  ['a sequence without version', Buffer.from('300305000000', 'hex')],
  ['a magic number that is cut', Buffer.from('feedfe', 'hex')],
])('%s is none', (_name, bytes) => {
  expect(detectKeyStoreFormat(bytes)).toBeNull();
});
