import { describe, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { readWrapped, takePlain } from '../../../main/kms/aws/answers.ts';
import { awsError } from '../../../main/kms/aws/errors.ts';

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000';
const REQUEST = { operation: 'Decrypt', region: 'eu-west-1', keyId: ARN };

function codeOf(body: () => unknown): string {
  try {
    body();
    return 'none';
  } catch (error) {
    return isAppError(error) ? error.code : 'other';
  }
}

describe('answers of AWS', () => {
  it('are zeros after the key was taken out', () => {
    const answer = { KeyId: ARN, Plaintext: new Uint8Array(32).fill(9) };
    using plain = takePlain(answer, ARN, REQUEST);
    expect(plain.use((bytes) => bytes.every((byte) => byte === 9))).toBe(true);
    expect(answer.Plaintext.every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ['another key’s name', 'arn:other', 32],
    ['no name', undefined, 32],
    ['a short key', ARN, 31],
    ['a long key', ARN, 33],
  ])('are zeros, and refused, with %s', (_, KeyId, length) => {
    const answer = { KeyId, Plaintext: new Uint8Array(length).fill(9) };
    expect(codeOf(() => takePlain(answer, ARN, REQUEST))).toBe('KMS_ANSWER_INVALID');
    expect(answer.Plaintext.every((byte) => byte === 0)).toBe(true);
  });

  it.each([0, 32, 6145])('with a wrapped form of %i bytes are refused', (length) => {
    expect(codeOf(() => readWrapped({ KeyId: ARN, CiphertextBlob: new Uint8Array(length) }, ARN, REQUEST))).toBe('KMS_ANSWER_INVALID');
  });
});

describe('errors of the SDK', () => {
  it('leave their text and hidden fields behind', () => {
    const hidden = Object.assign(new SyntaxError('Unexpected token in "known-key-text"'), { $metadata: { httpStatusCode: 200, requestId: 'r-1' }, $responseBodyText: 'known-key-text' });
    const told = awsError(hidden, REQUEST);
    expect(isAppError(told, 'KMS_ANSWER_INVALID') && told.details).toMatchObject({ operation: 'Decrypt', region: 'eu-west-1', requestId: 'r-1' });
    expect(isAppError(told) && JSON.stringify([told.message, told.remedy, told.details, told.stack, told.cause ?? null])).not.toContain('known-key-text');
  });

  it('name the permission that is missing, also that of a role', () => {
    const denied = (message: string): unknown => {
      const told = awsError(Object.assign(new Error(message), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }), REQUEST);
      return isAppError(told, 'KMS_PERMISSION_DENIED') && told.details?.['permission'];
    };
    expect(denied('User: x is not authorized to perform: sts:AssumeRole on resource: y')).toBe('sts:AssumeRole');
    expect(denied('')).toBe('kms:Decrypt');
  });

  it('tell material that is gone from material that never was', () => {
    const pending = Object.assign(new Error(`${ARN} is pending import.`), { name: 'KMSInvalidStateException', $metadata: { httpStatusCode: 400 } });
    const codes = [true, false].map((opens) => awsError(pending, { ...REQUEST, opens })).map((told) => isAppError(told) && told.code);
    expect(codes).toEqual(['KMS_KEY_MATERIAL_EXPIRED', 'KMS_KEY_PENDING_IMPORT']);
  });

  it('of programs stay what they are', () => {
    const bug = new Error('a bug');
    expect(awsError(bug, REQUEST)).toBe(bug);
  });
});
