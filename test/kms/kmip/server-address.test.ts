import { describe, expect, it, test } from 'vitest';
import { addressText, readAddress, serverAddress } from '../../../main/kms/kmip/server-address.ts';
import { failing } from './failing.ts';

describe('BASE_URL_TEMPLATE', () => {
  it.each([
    ['kmip://kms.example.com', 'kms.example.com:5696'],
    ['kmip://kms.example.com:15696/', 'kms.example.com:15696'],
    [' kmip://KMS.Example.com ', 'kms.example.com:5696'],
    ['kmip://10.0.0.7:1', '10.0.0.7:1'],
    ['kmip://kms_one.internal', 'kms_one.internal:5696'],
    ['kmip://[::1]:5697', '[::1]:5697'],
  ])('%s is %s', (template, text) => {
    const address = serverAddress(template, 'not used');
    expect(addressText(address)).toBe(text);
    expect(readAddress(text)).toEqual(address);
  });

  it.each(['', 'kms.example.com', 'https://kms.example.com', 'kmip://', 'kmip://host:0', 'kmip://host:65536', 'kmip://user:password@host', 'kmip://host/path', 'kmip://host?x', 'kmip://a b', 'kmip://-host', 'kmip://host:5696:1'])(
    '"%s" names no server',
    (template) => void failing(() => serverAddress(template, null), 'PROVIDER_NOT_CONFIGURED'),
  );

  it.each(['kmip://{partition}.kms.example.com', 'kmip://{PARTITION}.kms.example.com'])('%s has a place for PARTITION', (template) => {
    expect(serverAddress(template, 'north-1').host).toBe('north-1.kms.example.com');
    for (const partition of [null, '', 'evil.example.com/', 'a.b', '-a', 'x'.repeat(64)]) failing(() => serverAddress(template, partition), 'PROVIDER_NOT_CONFIGURED');
  });

  test('a password in it is not repeated', () => {
    const { message, remedy, details } = failing(() => serverAddress('kmip://user:hidden@host', null), 'PROVIDER_NOT_CONFIGURED');
    expect(JSON.stringify([message, remedy, details])).not.toContain('hidden');
  });
});

it.each(['', 'host', 'host:', 'HOST:1', 'host:1/', 'host:01', '::1:1', 'host:65536'])('"%s" is not a stored place', (text) => {
  expect(readAddress(text)).toBeNull();
});
