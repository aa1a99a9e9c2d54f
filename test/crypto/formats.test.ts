import { describe, expect, test } from 'vitest';
import { decrypt } from '../../main/crypto/aead.ts';
import { suiteById } from '../../main/crypto/algorithms.ts';
import { openInstance, readEnvelopeHeader } from '../../main/crypto/envelope.ts';
import { openField, readFieldHeader } from '../../main/crypto/field.ts';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { derivedKey, deriveInstanceKey, encodeInstance, KEY_LABELS } from '../../main/crypto/instance-key.ts';
import { maskingHash } from '../../main/crypto/masking-hash.ts';
import { unwrapKey } from '../../main/crypto/wrap.ts';
import { encodeStripes } from '../../main/masterkey/stripe-code.ts';
import { SecretBytes } from '../../main/secret.ts';
import { documentedVectors, type DocumentedVector } from './documented-vectors.ts';

const vectors = documentedVectors();
const secret = (vector: DocumentedVector, field: string): SecretBytes => SecretBytes.take(vector.bytes(field));
const hexOf = (key: SecretBytes): string => key.use((bytes) => bytes.toString('hex'));
const subjectOf = (vector: DocumentedVector) => ({ lu: vector.text('lu'), instanceId: vector.text('instance id') });

describe('the vectors that docs/formats.md prints', () => {
  test('are there for every format', () => {
    expect([...vectors.keys()].toSorted()).toEqual([
      'field token, suite 1',
      'field token, suite 2',
      'fingerprint',
      'instance envelope, suite 1',
      'instance envelope, suite 2',
      'instance key, suite 1',
      'instance key, suite 2',
      'masking hash, suite 1',
      'masking hash, suite 2',
      'stored key',
      'wrapped key',
    ]);
  });

  test.each([1, 2])('derived keys, suite %i', (id) => {
    const vector = vectors.get(`instance key, suite ${id}`) as DocumentedVector;
    const { lu, instanceId } = subjectOf(vector);
    const context = encodeInstance({ lu, instanceId });
    expect(context.toString('hex')).toBe(vector.text('context'));
    expect(hexOf(deriveInstanceKey(suiteById(id), secret(vector, 'master key'), lu, instanceId))).toBe(vector.text('instance key'));
    const fieldKey = derivedKey(suiteById(id), secret(vector, 'master key'), KEY_LABELS.field, context);
    expect(Buffer.from(fieldKey).toString('hex')).toBe(vector.text('field key'));
  });

  test.each([1, 2])('instance envelope, suite %i', (id) => {
    const vector = vectors.get(`instance envelope, suite ${id}`) as DocumentedVector;
    const sealed = vector.bytes('sealed');
    const header = readEnvelopeHeader(sealed);
    expect(header.suite.id).toBe(id);
    expect(header.keyDescription).toBe(vector.text('key description'));
    expect(sealed.toString('hex', 0, header.headerBytes)).toBe(vector.text('header'));
    expect(vector.text('header').endsWith(vector.text('base iv'))).toBe(true);
    expect(openInstance(secret(vector, 'master key'), subjectOf(vector), sealed).equals(vector.bytes('plain'))).toBe(true);

    const instanceKey = derivedKey(suiteById(id), secret(vector, 'master key'), KEY_LABELS.instance, encodeInstance(subjectOf(vector)));
    const chunks = Array.from({ length: header.chunks }, (_, index) => {
      const start = header.headerBytes + index * (header.chunkBytes + 16);
      const chunk = sealed.subarray(start, start + header.chunkBytes + 16);
      return decrypt('aes-256-gcm', instanceKey, vector.bytes(`chunk ${index} nonce`), vector.bytes(`chunk ${index} additional data`), chunk);
    });
    expect(Buffer.concat(chunks.map((chunk) => chunk as Buffer)).equals(vector.bytes('plain'))).toBe(true);
  });

  test.each([1, 2])('field token, suite %i', (id) => {
    const vector = vectors.get(`field token, suite ${id}`) as DocumentedVector;
    const token = vector.text('token');
    expect(readFieldHeader(token)).toEqual({ suite: suiteById(id), keyDescription: vector.text('key description'), ...subjectOf(vector) });
    expect(openField(secret(vector, 'master key'), subjectOf(vector), token).equals(vector.bytes('plain'))).toBe(true);
  });

  test('wrapped key', () => {
    const vector = vectors.get('wrapped key') as DocumentedVector;
    const subject = { name: vector.text('key name'), description: vector.text('key description') };
    expect(hexOf(unwrapKey(secret(vector, 'protection key'), subject, vector.bytes('wrapped')))).toBe(vector.text('key'));
  });

  test('stored key', () => {
    const vector = vectors.get('stored key') as DocumentedVector;
    expect(Buffer.from(encodeStripes(vector.bytes('wrapped'))).toString('hex')).toBe(vector.text('stored'));
    expect(vector.text('stored')).toBe(vector.text('wrapped') + vector.text('check bytes'));
    expect(vector.text('wrapped')).toBe(vectors.get('wrapped key')?.text('wrapped'));
  });

  test('fingerprint', () => {
    const vector = vectors.get('fingerprint') as DocumentedVector;
    expect(fingerprintOf(secret(vector, 'key'))).toBe(vector.text('fingerprint'));
  });

  test.each([1, 2])('masking hash, suite %i', (id) => {
    const vector = vectors.get(`masking hash, suite ${id}`) as DocumentedVector;
    expect(maskingHash(suiteById(id), secret(vector, 'hash key'), vector.text('name space'), vector.text('value'))).toBe(vector.text('hash'));
  });
});
