import { expect, test } from 'vitest';
import { kmsProvider } from '../../app/contract/kms-provider.ts';
import { KMS_PROVIDERS } from '../../main/kms/provider.ts';
import { POSSIBLE_PAIRS, STORES } from '../../main/masterkey/types.ts';
import { z } from 'zod';
import { channelNames, contract } from '../../app/contract/index.ts';

/** Places of texts and lists without an upper bound in a JSON schema. */
function unbounded(schema: unknown, place: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, pattern = '' } = schema as { type?: unknown; pattern?: string };
  const bounded = ['enum', 'const', 'maxLength', 'maxItems'].some((word) => word in schema) || /\{\d+,\d+\}\$$/.test(pattern);
  const own = (type === 'string' || type === 'array') && !bounded ? [place] : [];
  return [...own, ...Object.entries(schema).flatMap(([name, inner]) => unbounded(inner, `${place}.${name}`))];
}

test.each(channelNames)('%s takes no text and no list without a bound', (name) => {
  expect(unbounded(z.toJSONSchema(contract[name].input, { unrepresentable: 'any', io: 'input' }), name)).toEqual([]);
});

test('the contract names the providers that the core has', () => {
  expect(kmsProvider.options).toEqual(KMS_PROVIDERS);
  expect(STORES).toEqual(['Stripe_AES', ...KMS_PROVIDERS]);
  expect(POSSIBLE_PAIRS).toEqual({ Java_AES: ['Stripe_AES', 'GCP_KMS', 'KMIP_KMS'], AWS_KMS: ['AWS_KMS'] });
});
