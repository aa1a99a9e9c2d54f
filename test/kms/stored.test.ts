import { describe, expect, it } from 'vitest';
import { isAppError } from '../../main/errors.ts';
import type { KmsWrapping } from '../../main/kms/provider.ts';
import { fromStored, toStored } from '../../main/kms/stored.ts';

const WRAPPING: KmsWrapping = {
  provider: 'AWS_KMS',
  keyId: 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000',
  keyVersion: 'a1',
  location: 'eu-west-1',
  parameters: { context: '1' },
};

describe('what is stored of a wrapping', () => {
  it('comes back as it was, with and without a version', () => {
    for (const wrapping of [WRAPPING, { ...WRAPPING, keyVersion: null, parameters: {} }]) expect(fromStored(toStored(wrapping))).toEqual(wrapping);
  });

  it('is of the kind kms', () => {
    expect(toStored(WRAPPING)).toMatchObject({ kind: 'kms', provider: 'AWS_KMS', 'parameter.context': '1' });
  });

  it.each([
    ['another kind', { kind: 'internal', keyId: 'x' }],
    ['an unknown provider', { ...toStored(WRAPPING), provider: 'OTHER' }],
    ['no key', { ...toStored(WRAPPING), keyId: '' }],
    ['no location', { ...toStored(WRAPPING), location: '' }],
    ['a field too many', { ...toStored(WRAPPING), credentials: 'x' }],
    ['a text too long', { ...toStored(WRAPPING), keyId: 'x'.repeat(5_000) }],
    ['nothing', {}],
  ])('is refused with %s', (_, stored) => {
    let error: unknown = null;
    try {
      fromStored(stored);
    } catch (thrown) {
      error = thrown;
    }
    expect(isAppError(error) && error.code).toBe('KMS_WRAPPING_MALFORMED');
  });
});
