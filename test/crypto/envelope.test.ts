import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { SUITES, suiteById, suiteFor } from '../../main/crypto/algorithms.ts';
import { openInstance, readEnvelopeHeader, sealInstance } from '../../main/crypto/envelope.ts';
import { randomBytes, randomSecret } from '../../main/crypto/random.ts';
import { isAppError } from '../../main/errors.ts';
import { SecretBytes } from '../../main/secret.ts';
import { keptMemory } from './kept-memory.ts';
import { thrownCode } from './thrown-code.ts';

const RUNS = process.env['FKC_SOAK'] === '1' ? 20_000 : 300;
const MIB = 1024 * 1024;
const key = randomSecret(32);
const subject = { keyDescription: 'masterkey_key_name.20260101', lu: 'CUSTOMER', instanceId: '123' };
const AUTHENTICATION = 'ENVELOPE_AUTHENTICATION_FAILED';

/** Four chunks, the last one short: small enough to try every byte and every length. */
function smallChunks(suiteId = 1): { plain: Buffer; sealed: Buffer } {
  const plain = randomBytes(16 * 3 + 5);
  return { plain, sealed: sealInstance(suiteById(suiteId), key, subject, plain, 4) };
}

describe.each(SUITES)('an instance sealed with $name', (suite) => {
  test.each([0, 1, 16, 1024, 128 * 1024, 128 * 1024 + 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7])('opens again: %i bytes', (bytes) => {
    const plain = randomBytes(bytes);
    const sealed = sealInstance(suite, key, subject, plain);
    expect(openInstance(key, subject, sealed).equals(plain)).toBe(true);
    expect(readEnvelopeHeader(sealed)).toEqual({
      version: 1,
      suite,
      keyDescription: subject.keyDescription,
      chunkBytes: MIB,
      chunks: Math.max(1, Math.ceil(bytes / MIB)),
      headerBytes: 21 + subject.keyDescription.length,
      sealedBytes: sealed.length,
    });
    expect(sealed.length).toBe(bytes + 21 + subject.keyDescription.length + 16 * Math.max(1, Math.ceil(bytes / MIB)));
  });

  test('opens again: any content, names and chunk size', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), text, text, fc.integer({ min: 4, max: 10 }),
        (plain, keyDescription, lu, instanceId, chunkExponent) => {
          const sealed = sealInstance(suite, key, { keyDescription, lu, instanceId }, plain, chunkExponent);
          expect(openInstance(key, { lu, instanceId }, sealed).equals(plain)).toBe(true);
          expect(readEnvelopeHeader(sealed).keyDescription).toBe(keyDescription);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('every single byte flipped, in every bit: one clear code each', () => {
    const { sealed } = smallChunks(suite.id);
    const version = new Set([4]);
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(sealed);
        (flipped[at] as number) ^= 1 << bit;
        const code = thrownCode(() => openInstance(key, subject, flipped));
        if (at < 4) expect(code).toBe('ENVELOPE_MALFORMED');
        else if (version.has(at)) expect(code).toBe('ENVELOPE_VERSION_UNKNOWN');
        // Another known suite derives another key; every other number is unknown.
        else if (at === 5) expect(code).toBe([1, 2].includes(flipped[5] as number) ? AUTHENTICATION : 'ENVELOPE_ALGORITHM_UNKNOWN');
        // Chunk size and description length move the parts: some places they can not lie at, some open nothing.
        else if (at < 9) expect(['ENVELOPE_MALFORMED', AUTHENTICATION]).toContain(code);
        else expect(code).toBe(AUTHENTICATION);
      }
    }
  });

  test('cut to every shorter length', () => {
    const { sealed } = smallChunks(suite.id);
    for (let length = 0; length < sealed.length; length++) {
      expect(['ENVELOPE_MALFORMED', AUTHENTICATION]).toContain(thrownCode(() => openInstance(key, subject, sealed.subarray(0, length))));
    }
  });

  test('cut at a chunk border: the last mark is missing', () => {
    const { sealed } = smallChunks(suite.id);
    const { headerBytes } = readEnvelopeHeader(sealed);
    for (const chunks of [1, 2, 3]) {
      expect(thrownCode(() => openInstance(key, subject, sealed.subarray(0, headerBytes + chunks * 32)))).toBe(AUTHENTICATION);
    }
  });

  test('extended by bytes, by a chunk of its own, by a chunk of another seal', () => {
    const { sealed } = smallChunks(suite.id);
    const { headerBytes } = readEnvelopeHeader(sealed);
    const other = smallChunks(suite.id).sealed;
    for (const more of [Buffer.alloc(1), Buffer.alloc(16), Buffer.alloc(32), sealed.subarray(headerBytes, headerBytes + 32), other.subarray(-21)]) {
      expect(['ENVELOPE_MALFORMED', AUTHENTICATION]).toContain(thrownCode(() => openInstance(key, subject, Buffer.concat([sealed, more]))));
    }
  });

  test('chunks in any other order, repeated or left out', () => {
    const { sealed, plain } = smallChunks(suite.id);
    const { headerBytes } = readEnvelopeHeader(sealed);
    const header = sealed.subarray(0, headerBytes);
    const chunks = [0, 1, 2, 3].map((index) => sealed.subarray(headerBytes + index * 32, Math.min(headerBytes + (index + 1) * 32, sealed.length)));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 6 }), (order) => {
        const rebuilt = Buffer.concat([header, ...order.map((index) => chunks[index] as Buffer)]);
        if (order.join() === '0,1,2,3') expect(openInstance(key, subject, rebuilt).equals(plain)).toBe(true);
        else expect(['ENVELOPE_MALFORMED', AUTHENTICATION]).toContain(thrownCode(() => openInstance(key, subject, rebuilt)));
      }),
      { numRuns: RUNS, examples: [[[0, 1, 2, 3]], [[1, 0, 2, 3]], [[0, 2, 1, 3]], [[0, 1, 3]], [[3]]] },
    );
  });

  test('a chunk of an earlier seal of the same instance does not fit', () => {
    const first = smallChunks(suite.id).sealed;
    const second = smallChunks(suite.id).sealed;
    const { headerBytes } = readEnvelopeHeader(first);
    first.copy(second, headerBytes, headerBytes, headerBytes + 32);
    expect(thrownCode(() => openInstance(key, subject, second))).toBe(AUTHENTICATION);
  });

  test('moved to another instance, LU or key; names that run together alike', () => {
    const { sealed } = smallChunks(suite.id);
    expect(thrownCode(() => openInstance(key, { ...subject, instanceId: '124' }, sealed))).toBe(AUTHENTICATION);
    expect(thrownCode(() => openInstance(key, { ...subject, lu: 'ORDER' }, sealed))).toBe(AUTHENTICATION);
    expect(thrownCode(() => openInstance(key, { lu: 'CUSTOMER1', instanceId: '23' }, sealed))).toBe(AUTHENTICATION);
    expect(thrownCode(() => openInstance(randomSecret(32), subject, sealed))).toBe(AUTHENTICATION);
  });
});

describe('an envelope', () => {
  test('written before a FIPS switch opens after it, and the other way round', () => {
    const plain = Buffer.from('old data');
    const before = sealInstance(suiteFor(false), key, subject, plain);
    const after = sealInstance(suiteFor(true), key, subject, plain);
    expect(openInstance(key, subject, before).equals(plain)).toBe(true);
    expect(openInstance(key, subject, after).equals(plain)).toBe(true);
    expect([readEnvelopeHeader(before).suite.id, readEnvelopeHeader(after).suite.id]).toEqual([1, 2]);
  });

  test('never has the same IV or ciphertext twice', () => {
    const seen = new Set(Array.from({ length: 2000 }, () => sealInstance(suiteFor(false), key, subject, Buffer.alloc(16)).toString('hex')));
    const ivs = new Set([...seen].map((sealed) => sealed.slice((21 - 12 + subject.keyDescription.length) * 2).slice(0, 24)));
    expect([seen.size, ivs.size]).toEqual([2000, 2000]);
  });

  test('of version 2, of algorithm 3: told apart from damage', () => {
    const { sealed } = smallChunks();
    const version = Buffer.from(sealed);
    version[4] = 2;
    expect(thrownCode(() => readEnvelopeHeader(version))).toBe('ENVELOPE_VERSION_UNKNOWN');
    const algorithm = Buffer.from(sealed);
    algorithm[5] = 3;
    expect(thrownCode(() => readEnvelopeHeader(algorithm))).toBe('ENVELOPE_ALGORITHM_UNKNOWN');
  });

  test('parser: random and mutated input gives AppErrors only', () => {
    const { sealed } = smallChunks();
    const mutated = fc
      .array(fc.tuple(fc.nat({ max: sealed.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 })
      .map((edits) => edits.reduce((bytes, [at, value]) => ((bytes[at] = value), bytes), Uint8Array.from(sealed)));
    const marked = fc.uint8Array({ maxLength: 80 }).map((rest) => Uint8Array.from([0x46, 0x4b, 0x43, 0x49, 1, 1, 20, ...rest]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated, marked), (bytes) => {
        for (const act of [() => readEnvelopeHeader(bytes), () => openInstance(key, subject, bytes)]) {
          try {
            act();
          } catch (error) {
            if (!isAppError(error)) throw error;
            expect(error.code).toMatch(/^ENVELOPE_/);
          }
        }
      }),
      { numRuns: RUNS * 5 },
    );
  });

  test('that declares long parts allocates nothing for them', () => {
    const header = Buffer.from([0x46, 0x4b, 0x43, 0x49, 1, 1, 24, 0xff, 0xff, 1, 2, 3]);
    expect(thrownCode(() => openInstance(key, subject, header))).toBe('ENVELOPE_MALFORMED');
  });

  test('releases nothing of the chunks before a bad one', () => {
    const { sealed } = smallChunks();
    (sealed[sealed.length - 1] as number) ^= 1;
    using _kept = keptMemory();
    const allocations = vi.spyOn(Buffer, 'allocUnsafeSlow');
    try {
      expect(thrownCode(() => openInstance(key, subject, sealed))).toBe(AUTHENTICATION);
      const plain = allocations.mock.results.map((result) => result.value as Buffer).find((buffer) => buffer.length === 16 * 3 + 5);
      expect(plain?.every((byte) => byte === 0)).toBe(true);
    } finally {
      allocations.mockRestore();
    }
  });

  test('is refused for names that can not be encoded, keys of other sizes, keys put away', () => {
    const seal = (change: Partial<typeof subject>, masterKey = key) => thrownCode(() => sealInstance(suiteFor(false), masterKey, { ...subject, ...change }, Buffer.alloc(1)));
    expect(seal({ instanceId: '\ud800' })).toBe('INPUT_INVALID');
    expect(seal({ lu: 'x'.repeat(65_536) })).toBe('INPUT_INVALID');
    expect(seal({ keyDescription: '' })).toBe('INPUT_INVALID');
    expect(seal({ keyDescription: 'é'.repeat(32_768) })).toBe('INPUT_INVALID');
    expect(seal({}, randomSecret(16))).toBe('INPUT_INVALID');
    expect(thrownCode(() => sealInstance(suiteFor(false), key, subject, Buffer.alloc(1), 3))).toBe('INPUT_INVALID');
    const gone = SecretBytes.copyOf(Buffer.alloc(32));
    gone.dispose();
    expect(seal({}, gone)).toBe('SECRET_DISPOSED');
  });
});
