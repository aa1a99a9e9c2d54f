import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SUITES, type Suite, suiteById } from '../../../main/crypto/algorithms.ts';
import { sealInstance } from '../../../main/crypto/envelope.ts';
import { sealField } from '../../../main/crypto/field.ts';
import { fingerprintOf } from '../../../main/crypto/fingerprint.ts';
import { derivedKey, encodeInstance, KEY_LABELS } from '../../../main/crypto/instance-key.ts';
import { kbkdfCounter } from '../../../main/crypto/kdf.ts';
import { maskingHash } from '../../../main/crypto/masking-hash.ts';
import { randomBytes, randomSecret } from '../../../main/crypto/random.ts';
import { wrapKey } from '../../../main/crypto/wrap.ts';
import type { SecretBytes } from '../../../main/secret.ts';
import { documentedVectors, type DocumentedVector } from '../../crypto/documented-vectors.ts';
import { askPython } from './python.ts';

const COUNT = process.env['FKC_SOAK'] === '1' ? 2000 : 100;
const key = randomSecret(32);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const keyHex = (secret: SecretBytes): string => secret.use((bytes) => bytes.toString('hex'));

interface Sample {
  suite: Suite;
  keyDescription: string;
  lu: string;
  instanceId: string;
  plain: Uint8Array;
  chunkExponent: number;
}

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const samples = fc.sample(
  fc.record<Sample>({
    suite: fc.constantFrom(...SUITES),
    keyDescription: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    lu: text,
    instanceId: text,
    plain: fc.uint8Array({ maxLength: 400 }),
    chunkExponent: fc.integer({ min: 4, max: 9 }),
  }),
  COUNT,
);

describe('Python, from the document alone,', () => {
  test('opens envelopes of any content, both suites, many chunks', () => {
    const tasks = samples.map(({ suite, keyDescription, lu, instanceId, plain, chunkExponent }) => ({
      do: 'open envelope',
      key: keyHex(key),
      lu,
      instanceId,
      sealed: hex(sealInstance(suite, key, { keyDescription, lu, instanceId }, plain, chunkExponent)),
    }));
    expect(askPython(tasks)).toEqual(
      samples.map(({ suite, keyDescription, plain, chunkExponent }) => ({
        ok: { suite: suite.id, keyDescription, chunks: Math.max(1, Math.ceil(plain.length / 2 ** chunkExponent)), plain: hex(plain) },
      })),
    );
  });

  test.each([0, 1024 * 1024, 2 * 1024 * 1024 + 1])('opens an envelope of %i bytes in chunks of 1 MiB', (bytes) => {
    const plain = randomBytes(bytes);
    const subject = { keyDescription: 'masterkey_key_name.1', lu: 'CUSTOMER', instanceId: '123' };
    const tasks = SUITES.map((suite) => ({ do: 'open envelope', key: keyHex(key), ...subject, sealed: hex(sealInstance(suite, key, subject, plain)) }));
    for (const answer of askPython(tasks)) expect('ok' in answer && (answer.ok as { plain: string }).plain === hex(plain)).toBe(true);
  });

  test('refuses what we refuse: another instance, a flipped bit, a cut chunk', () => {
    const subject = { keyDescription: 'd', lu: 'CUSTOMER', instanceId: '123' };
    const sealed = sealInstance(suiteById(1), key, subject, randomBytes(40), 4);
    const flipped = Buffer.from(sealed);
    (flipped[30] as number) ^= 1;
    const open = { do: 'open envelope', key: keyHex(key), lu: subject.lu, instanceId: subject.instanceId };
    const answers = askPython([
      { ...open, instanceId: '124', sealed: hex(sealed) },
      { ...open, sealed: hex(flipped) },
      { ...open, sealed: hex(sealed.subarray(0, -24)) },
    ]);
    for (const answer of answers) expect(answer).toEqual({ refused: 'not authentic' });
  });

  test('opens field tokens', () => {
    const tasks = samples.map(({ suite, plain, ...subject }) => ({ do: 'open field', key: keyHex(key), token: sealField(suite, key, subject, plain) }));
    expect(askPython(tasks)).toEqual(
      samples.map(({ suite, keyDescription, lu, instanceId, plain }) => ({ ok: { suite: suite.id, keyDescription, lu, instanceId, plain: hex(plain) } })),
    );
  });

  test('derives the same keys, and the same KBKDF output of any length', () => {
    const derive = samples.flatMap(({ suite, lu, instanceId }) =>
      (['instance', 'field'] as const).map((use) => ({
        task: { do: 'derive', use, suite: suite.id, key: keyHex(key), lu, instanceId },
        ours: hex(derivedKey(suite, key, KEY_LABELS[use], encodeInstance({ lu, instanceId }))),
      })),
    );
    const kbkdf = samples.map(({ suite, plain }, index) => ({
      task: { do: 'kbkdf', suite: suite.id, key: keyHex(key), label: hex(Buffer.from(`label ${index}`)), context: hex(plain), bytes: index + 1 },
      ours: key.use((bytes) => hex(kbkdfCounter(suite.hash, bytes, `label ${index}`, plain, (index + 1) * 8))),
    }));
    const all = [...derive, ...kbkdf];
    expect(askPython(all.map(({ task }) => task))).toEqual(all.map(({ ours }) => ({ ok: ours })));
  });

  test('unwraps keys, and makes the same fingerprints and masking hashes', () => {
    const protectionKey = randomSecret(32);
    const all = samples.flatMap(({ suite, keyDescription, lu, plain }) => {
      const masterKey = randomSecret(32);
      return [
        {
          task: {
            do: 'unwrap',
            key: keyHex(protectionKey),
            name: lu,
            description: keyDescription,
            wrapped: hex(wrapKey(protectionKey, { name: lu, description: keyDescription }, masterKey)),
          },
          ours: keyHex(masterKey),
        },
        { task: { do: 'fingerprint', key: keyHex(masterKey) }, ours: fingerprintOf(masterKey) },
        {
          task: { do: 'masking hash', suite: suite.id, key: keyHex(masterKey), nameSpace: lu, value: hex(plain) },
          ours: maskingHash(suite, masterKey, lu, plain),
        },
      ];
    });
    expect(askPython(all.map(({ task }) => task))).toEqual(all.map(({ ours }) => ({ ok: ours })));
  });

  test('reads every vector that the document prints', () => {
    const vectors = documentedVectors();
    const vector = (name: string): DocumentedVector => vectors.get(name) as DocumentedVector;
    const subject = (of: DocumentedVector) => ({ lu: of.text('lu'), instanceId: of.text('instance id'), key: of.text('master key') });
    const plainOf = (answer: unknown): unknown => (answer as { ok?: { plain?: unknown } }).ok?.plain;
    for (const id of [1, 2]) {
      const keys = vector(`instance key, suite ${id}`);
      const envelope = vector(`instance envelope, suite ${id}`);
      const field = vector(`field token, suite ${id}`);
      const masking = vector(`masking hash, suite ${id}`);
      const [instanceKey, fieldKey, opened, openedField, hash] = askPython([
        { do: 'derive', use: 'instance', suite: id, ...subject(keys) },
        { do: 'derive', use: 'field', suite: id, ...subject(keys) },
        { do: 'open envelope', ...subject(envelope), sealed: envelope.text('sealed') },
        { do: 'open field', ...subject(field), token: field.text('token') },
        { do: 'masking hash', suite: id, key: masking.text('hash key'), nameSpace: masking.text('name space'), value: hex(Buffer.from(masking.text('value'))) },
      ]);
      expect([instanceKey, fieldKey]).toEqual([{ ok: keys.text('instance key') }, { ok: keys.text('field key') }]);
      expect(plainOf(opened)).toBe(hex(envelope.bytes('plain')));
      expect(plainOf(openedField)).toBe(field.text('plain'));
      expect(hash).toEqual({ ok: masking.text('hash') });
    }
    const wrapped = vector('wrapped key');
    const print = vector('fingerprint');
    expect(
      askPython([
        { do: 'unwrap', key: wrapped.text('protection key'), name: wrapped.text('key name'), description: wrapped.text('key description'), wrapped: wrapped.text('wrapped') },
        { do: 'fingerprint', key: print.text('key') },
      ]),
    ).toEqual([{ ok: wrapped.text('key') }, { ok: print.text('fingerprint') }]);
  });
});
