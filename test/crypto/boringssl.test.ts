import { describe, expect, test, vi } from 'vitest';

/**
 * Electron's node:crypto is BoringSSL. Here every export of node:crypto throws, but the few that the algorithm table
 * names, with the algorithms that BoringSSL surely has; then the whole crypto suite runs again.
 */
vi.mock('node:crypto', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:crypto')>();
  const outside = (name: string) => () => {
    throw new Error(`node:crypto ${name} is outside the algorithm table`);
  };
  const onlyGcm = (name: string): void => {
    if (name !== 'aes-256-gcm') outside(name)();
  };
  const allowed: Partial<typeof real> = {
    randomBytes: real.randomBytes,
    randomFillSync: real.randomFillSync,
    createSecretKey: real.createSecretKey,
    hash: ((name: string, ...rest: [never, never]) => (name === 'sha512' ? real.hash(name, ...rest) : outside(name)())) as typeof real.hash,
    createCipheriv: ((name: 'aes-256-gcm', ...rest: [never, never, never]) => (onlyGcm(name), real.createCipheriv(name, ...rest))) as typeof real.createCipheriv,
    createDecipheriv: ((name: 'aes-256-gcm', ...rest: [never, never, never]) => (onlyGcm(name), real.createDecipheriv(name, ...rest))) as typeof real.createDecipheriv,
  };
  const thrown = Object.keys(real).map((name) => [name, outside(name)]);
  const exports = { ...Object.fromEntries(thrown), ...allowed };
  return { ...exports, default: exports };
});

await import('./vectors.test.ts');
await import('./envelope.test.ts');
await import('./field.test.ts');
await import('./wrap.test.ts');
await import('./derived.test.ts');

describe('this file', () => {
  test('really runs without what is outside the table', async () => {
    const crypto = await import('node:crypto');
    expect(() => crypto.createHash('sha512')).toThrow(/outside/);
    expect(() => crypto.hash('sha512-256', '')).toThrow(/outside/);
    expect(() => crypto.createCipheriv('aes-256-cbc', Buffer.alloc(32), Buffer.alloc(16))).toThrow(/outside/);
    const { HASHES } = await import('../../main/crypto/algorithms.ts');
    const { sha512_256 } = await import('@noble/hashes/sha2.js');
    expect(HASHES['sha512-256'].digest).toBe(sha512_256);
  });
});
