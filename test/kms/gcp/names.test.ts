import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { authenticatedData } from '../../../main/kms/gcp/authenticated-data.ts';
import { keyNamed, readKeyName, readVersionName } from '../../../main/kms/gcp/key-name.ts';
import { gcpBudget } from '../../../main/kms/gcp/quotas.ts';
import { readServerAddress } from '../../../main/kms/gcp/server-address.ts';

const PARTS = { projectId: 'my-project', locationId: 'europe-west3', keyRingId: 'ring', keyId: null };

function codeOf(body: () => unknown): string {
  try {
    body();
    return 'none';
  } catch (error) {
    return isAppError(error) ? error.code : 'other';
  }
}

describe('the authenticated data', () => {
  it('stands as it is written down', () => {
    expect(authenticatedData({ name: 'a', description: 'ä', cluster: null }).toString('hex')).toBe(`${Buffer.from('FKC-KMS-CONTEXT-1').toString('hex')}000000016100000002c3a4ffffffff`);
  });

  it('is another for every other context', () => {
    const context = fc.record({ name: fc.string({ minLength: 1, unit: 'grapheme' }), description: fc.string({ minLength: 1, unit: 'grapheme' }), cluster: fc.option(fc.string({ minLength: 1, unit: 'grapheme' })) });
    fc.assert(
      fc.property(context, context, (one, other) => authenticatedData(one).equals(authenticatedData(other)) === (one.name === other.name && one.description === other.description && one.cluster === other.cluster)),
    );
  });

  it.each([{ name: '' }, { description: '' }, { cluster: '' }, { name: '\ud800' }])('refuses %o', (part) => {
    expect(codeOf(() => authenticatedData({ name: 'a', description: 'b', cluster: 'c', ...part }))).toBe('INPUT_INVALID');
  });
});

describe('names of keys', () => {
  it('are read whole', () => {
    expect(readKeyName('projects/example.com:p-1/locations/eur4/keyRings/R_1/cryptoKeys/k-2')).toMatchObject({ location: 'eur4', ring: 'projects/example.com:p-1/locations/eur4/keyRings/R_1' });
    expect(readVersionName('projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3')).toMatchObject({ version: '3', key: { location: 'global' } });
    for (const other of ['', 'k', 'projects/p/locations/global/keyRings/r', 'projects/p/locations/global/keyRings/r/cryptoKeys/k/', 'projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/x']) expect(readKeyName(other)).toBeNull();
  });

  it('may be short, of the configured key ring', () => {
    expect(keyNamed('k', PARTS).name).toBe('projects/my-project/locations/europe-west3/keyRings/ring/cryptoKeys/k');
    expect(keyNamed('k', { ...PARTS, keyRingId: 'projects/my-project/locations/europe-west3/keyRings/ring' }).location).toBe('europe-west3');
    expect(codeOf(() => keyNamed('../k', PARTS))).toBe('KMS_KEY_ID_INVALID');
    expect(codeOf(() => keyNamed('k', { ...PARTS, projectId: 'a/b' }))).toBe('KMS_KEY_ID_INVALID');
    expect(codeOf(() => keyNamed('k', { ...PARTS, keyRingId: 'projects/other/locations/europe-west3/keyRings/ring' }))).toBe('KMS_KEY_ID_INVALID');
  });
});

describe('the endpoint', () => {
  it.each([
    ['kms.example.com', { host: 'kms.example.com', port: 443, plainText: false }],
    ['https://kms.example.com:8443/', { host: 'kms.example.com', port: 8443, plainText: false }],
    ['127.0.0.1:9000', { host: '127.0.0.1', port: 9000, plainText: false }],
    ['http://127.0.0.1:9000', { host: '127.0.0.1', port: 9000, plainText: true }],
    ['http://[::1]:9000', { host: '[::1]', port: 9000, plainText: true }],
  ])('%s', (text, address) => {
    expect(readServerAddress(text)).toEqual(address);
  });

  it.each(['', 'a b', 'host:0', 'host:70000', 'http://10.0.0.1:9000', 'http://kms.example.com', 'http://127.0.0.1.evil.example:80', 'ftp://host', 'user@host'])('refuses %s', (text) => {
    expect(codeOf(() => readServerAddress(text))).toBe('INPUT_INVALID');
  });
});

describe('the budget', () => {
  it('keeps the quota of a minute, whatever goes out at once', () => {
    const { requestsPerSecond, shared = [] } = gcpBudget(1);
    expect(requestsPerSecond).toBe(1000);
    expect(shared.map((budget) => Math.round(budget.requestsPerSecond * (60 + budget.burstSeconds)))).toEqual([300, 60]);
  });
});
