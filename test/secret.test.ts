import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SecretBytes } from '../main/secret.ts';

describe('SecretBytes', () => {
  it('takes a secret over: the source is zeroed', () => {
    const source = Buffer.from('0123456789');
    const secret = SecretBytes.take(source);
    expect([...source]).toEqual(new Array(10).fill(0));
    expect(secret.use((bytes) => bytes.toString())).toBe('0123456789');
  });

  it('copies without touching the source', () => {
    const source = Buffer.from('abc');
    const secret = SecretBytes.copyOf(source);
    expect(source.toString()).toBe('abc');
    expect(secret.length).toBe(3);
  });

  it('is zeroed on dispose, and of no use after it', () => {
    const secret = SecretBytes.copyOf(Buffer.from('abc'));
    const lent = secret.use((bytes) => bytes);
    secret.dispose();
    secret.dispose();
    expect([...lent]).toEqual([0, 0, 0]);
    expect(secret.disposed).toBe(true);
    expect(() => secret.use(() => undefined)).toThrowError(expect.objectContaining({ code: 'SECRET_DISPOSED' }));
    expect(() => secret.clone()).toThrowError(expect.objectContaining({ code: 'SECRET_DISPOSED' }));
  });

  it('is disposed at the end of a scope, also when that throws', () => {
    let kept: SecretBytes | null = null;
    expect(() => {
      using secret = SecretBytes.copyOf(Buffer.from('abc'));
      kept = secret;
      throw new Error('out');
    }).toThrow('out');
    expect((kept as SecretBytes | null)?.disposed).toBe(true);
  });

  it('has an owner of its own after clone', () => {
    const secret = SecretBytes.copyOf(Buffer.from('abc'));
    const copy = secret.clone();
    secret.dispose();
    expect(copy.use((bytes) => bytes.toString())).toBe('abc');
  });

  it('prints as nothing but its name', () => {
    const secret = SecretBytes.copyOf(Buffer.from('top secret'));
    for (const text of [String(secret), JSON.stringify({ secret }), inspect(secret, { showHidden: true, depth: 9 }), `${secret}`]) {
      expect(text).toContain('[SecretBytes]');
      expect(text).not.toMatch(/top|746f70|116/);
    }
    expect(Object.keys(secret)).toEqual([]);
  });

  it('lies outside the heap that the garbage collector moves', () => {
    const secret = SecretBytes.copyOf(new Uint8Array(32));
    secret.use((bytes) => {
      expect(bytes.buffer.byteLength).toBe(32);
      expect(bytes.byteOffset).toBe(0);
    });
  });
});
