import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { additionalData } from '../../../main/kms/kmip/context.ts';
import { readWrapped, toWrapped } from '../../../main/kms/kmip/wrapping.ts';
import { type KmsContext, type WrappedKey } from '../../../main/kms/provider.ts';
import { fromStored, toStored } from '../../../main/kms/stored.ts';
import { failing } from './failing.ts';

const SEALED = { uniqueIdentifier: 'key-1', address: { host: 'kms.example.com', port: 5696 }, iv: new Uint8Array(12).fill(1), tag: new Uint8Array(16).fill(2), ciphertext: new Uint8Array(32).fill(3) };
const WRAPPED = toWrapped(SEALED, '2.0');

describe('what is stored', () => {
  it('says everything that unwrapping needs, and comes back', () => {
    expect(WRAPPED).toMatchObject({ provider: 'KMIP_KMS', keyId: 'key-1', keyVersion: null, location: 'kms.example.com:5696', parameters: { context: '1', version: '2.0', iv: '01'.repeat(12), tag: '02'.repeat(16) } });
    const { iv, tag, ...rest } = readWrapped({ ...fromStored(toStored(WRAPPED)), bytes: WRAPPED.bytes });
    expect({ ...rest, iv: [...iv], tag: [...tag] }).toEqual({ ...SEALED, iv: [...SEALED.iv], tag: [...SEALED.tag] });
  });

  const withParameter = (name: string, value: string): WrappedKey => ({ ...WRAPPED, parameters: { ...WRAPPED.parameters, [name]: value } });
  it.each<[string, WrappedKey]>([
    ['another provider', { ...WRAPPED, provider: 'AWS_KMS' }],
    ['another key', { ...WRAPPED, keyId: 'key-2' }],
    ['another server', { ...WRAPPED, location: 'other.example.com:5696' }],
    ['no server', { ...WRAPPED, location: 'kmip://kms' }],
    ['another form of context', withParameter('context', '2')],
    ['a tag of 4 bytes', withParameter('tag', '02020202')],
    ['another tag', withParameter('tag', '03'.repeat(16))],
    ['an IV of 16 bytes', withParameter('iv', '01'.repeat(16))],
    ['an IV that is no number', withParameter('iv', 'xx'.repeat(12))],
    ['nothing', { ...WRAPPED, parameters: {} }],
  ])('is refused with %s', (_, changed) => void failing(() => readWrapped(changed), 'KMS_WRAPPING_MALFORMED'));

  it.each([0, 1, 31, 33, 100_000])('is refused with %i bytes in the stripes', (length) => {
    failing(() => readWrapped({ ...WRAPPED, bytes: new Uint8Array(length) }), 'KMS_CIPHERTEXT_REFUSED');
  });
});

describe('the context', () => {
  const text = fc.string({ minLength: 1, maxLength: 12 });
  const context: fc.Arbitrary<KmsContext> = fc.record({ name: text, description: text, cluster: fc.option(text) });

  it('has other bytes for every other name, key description and cluster', () => {
    fc.assert(
      fc.property(context, context, (one, other) => {
        const isSame = one.name === other.name && one.description === other.description && one.cluster === other.cluster;
        expect(additionalData(one).equals(additionalData(other))).toBe(isSame);
      }),
    );
    expect(additionalData({ name: 'ab', description: 'c', cluster: null }).equals(additionalData({ name: 'a', description: 'bc', cluster: null }))).toBe(false);
  });

  it.each([{ name: '' }, { description: '' }, { cluster: '' }])('is refused with an empty part: %o', (part) => {
    failing(() => additionalData({ name: 'n', description: 'd', cluster: null, ...part }), 'INPUT_INVALID');
  });
});
