import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../../main/crypto/random.ts';
import { isAppError } from '../../../main/errors.ts';
import type { GcpKms } from '../../../main/kms/gcp/provider.ts';
import { codeOf, CONTEXT, failureOf, wrapNew } from '../../conformance/kms-subject.ts';
import { createKey, gcpKms, LIMITS } from './gcp.ts';
import type { Message } from './kms-model.ts';
import { type Fault, type GcpPeer, startGcpPeer } from './server.ts';

const SECRET = 'known-secret-of-the-tests';
let peer: GcpPeer;
const opened: GcpKms[] = [];

beforeAll(async () => {
  peer = await startGcpPeer();
});

afterEach(() => {
  peer.set();
  for (const kms of opened.splice(0)) kms.close();
});

afterAll(async () => {
  await peer?.stop();
});

function kmsOf(key: string, settings: Parameters<typeof gcpKms>[2] = {}): GcpKms {
  const kms = gcpKms(peer, key, settings);
  opened.push(kms);
  return kms;
}

function status(code: number, details: string, more: object = {}): Fault {
  return { kind: 'status', refusal: { code, details: `${details} ${SECRET}`, ...more } };
}

/** Statuses that no model of Cloud KMS gives by itself; words and reasons as Google's reference and its users have them. */
const RECORDED: readonly (readonly [what: string, fault: Fault, code: string])[] = [
  ['a cancelled call', status(1, 'The operation was cancelled.'), 'KMS_UNREACHABLE'],
  ['an unknown error', status(2, 'Unknown error.'), 'KMS_FAILED'],
  ['an argument of another kind', status(3, 'Request contains an invalid argument: crypto key purpose'), 'KMS_KEY_UNSUITABLE'],
  ['bytes that changed on the way', status(3, 'The checksum in field ciphertext_crc32c did not match the data.'), 'KMS_ANSWER_INVALID'],
  ['an endpoint of another location', status(3, "The request concerns location 'europe-west3' but was sent to location 'us-east1'."), 'KMS_REGION_WRONG'],
  ['a deadline', status(4, 'Deadline exceeded.'), 'KMS_TIMEOUT'],
  ['no such location', status(5, 'Location europe-west99 not found.'), 'KMS_REGION_WRONG'],
  ['no such key ring', status(5, 'KeyRing projects/p/locations/europe-west3/keyRings/r not found.'), 'KMS_KEY_NOT_FOUND'],
  ['something that exists', status(6, 'Already exists.'), 'KMS_REQUEST_REFUSED'],
  ['a denial', status(7, "Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied on resource 'x' (or it may not exist)."), 'KMS_PERMISSION_DENIED'],
  ['an API that is off', status(7, 'Cloud KMS API has not been used in project 1 before or it is disabled.', { info: { reason: 'SERVICE_DISABLED' } }), 'KMS_REQUEST_REFUSED'],
  ['a service perimeter', status(7, "Request is prohibited by organization's policy.", { info: { reason: 'SECURITY_POLICY_VIOLATED' } }), 'KMS_PERMISSION_DENIED'],
  ['a quota', status(8, "Quota exceeded for quota metric 'Cryptographic requests'.", { info: { reason: 'RATE_LIMIT_EXCEEDED' } }), 'KMS_THROTTLED'],
  ['a project without billing', status(9, 'This API method requires billing to be enabled.'), 'KMS_REQUEST_REFUSED'],
  ['a destroyed version', status(9, 'x/cryptoKeyVersions/1 is not enabled, current state is: DESTROYED.'), 'KMS_KEY_DESTROYED'],
  ['a version that is being made', status(9, 'x/cryptoKeyVersions/1 is not enabled, current state is: PENDING_GENERATION.'), 'KMS_KEY_UNAVAILABLE'],
  ['a version without material', status(9, 'x/cryptoKeyVersions/1 is not enabled, current state is: PENDING_IMPORT.'), 'KMS_KEY_PENDING_IMPORT'],
  ['a state in the details', status(9, 'Precondition failed.', { violations: ['KEY_DISABLED'] }), 'KMS_KEY_DISABLED'],
  ['an external manager that does not answer', status(9, 'The external key manager did not answer.'), 'KMS_KEY_UNAVAILABLE'],
  ['a conflict', status(10, 'Aborted.'), 'KMS_FAILED'],
  ['a value out of range', status(11, 'Out of range.'), 'KMS_REQUEST_REFUSED'],
  ['a method that is not there', status(12, 'Method not found.'), 'KMS_ACT_UNSUPPORTED'],
  ['an internal failure', status(13, 'Internal error encountered.'), 'KMS_FAILED'],
  ['an outage', status(14, 'The service is currently unavailable.'), 'KMS_FAILED'],
  ['lost data', status(15, 'Data loss.'), 'KMS_FAILED'],
  ['a token that is not accepted', status(16, 'Request had invalid authentication credentials.', { info: { reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED' } }), 'KMS_CREDENTIALS_WRONG'],
  ['an expired token', status(16, 'Request had invalid authentication credentials.', { info: { reason: 'ACCESS_TOKEN_EXPIRED' } }), 'KMS_CREDENTIALS_EXPIRED'],
  ['a status of another time', status(99, 'Something new.'), 'KMS_REQUEST_REFUSED'],
];

const changed = (change: (answer: Message) => Message): Fault => ({ kind: 'answer', change });

const BROKEN: readonly (readonly [what: string, fault: Fault, codes: RegExp])[] = [
  ['garbage', { kind: 'garbage' }, /^KMS_ANSWER_INVALID$/],
  ['nothing in it', changed(() => ({})), /^KMS_ANSWER_INVALID$/],
  ['a wrong checksum', changed((answer) => ({ ...answer, ciphertextCrc32c: { value: 1 }, plaintextCrc32c: { value: 1 } })), /^KMS_ANSWER_INVALID$/],
  ['no checksum', changed(({ ciphertextCrc32c: _, plaintextCrc32c: __, ...answer }) => answer), /^KMS_ANSWER_INVALID$/],
  ['changed bytes', changed(({ ciphertext, plaintext, ...answer }) => ({ ...answer, ...(ciphertext ? { ciphertext: flipped(ciphertext) } : {}), ...(plaintext ? { plaintext: flipped(plaintext) } : {}) })), /^KMS_ANSWER_INVALID$/],
  ['no bytes', changed((answer) => ({ ...answer, ciphertext: Buffer.alloc(0), plaintext: Buffer.alloc(0), ciphertextCrc32c: { value: 0 }, plaintextCrc32c: { value: 0 } })), /^KMS_ANSWER_INVALID$/],
  ['a key of another length', changed((answer) => ({ ...answer, ciphertext: Buffer.alloc(31), plaintext: Buffer.alloc(31) })), /^KMS_ANSWER_INVALID$/],
  ['a connection that ends before', { kind: 'cut', after: null }, /^KMS_UNREACHABLE$/],
  ['a connection that ends amid', { kind: 'cut', after: 20 }, /^KMS_(UNREACHABLE|ANSWER_INVALID)$/],
  ['an answer that never comes', { kind: 'silence' }, /^KMS_TIMEOUT$/],
  ['an answer that comes too late', { kind: 'slow', ms: 3_000 }, /^KMS_TIMEOUT$/],
];

function flipped(bytes: Uint8Array): Buffer {
  const other = Buffer.from(bytes);
  other[0] = (other[0] ?? 0) ^ 1;
  return other;
}

describe.each([
  ['wrap', 'Encrypt', (kms: GcpKms) => wrapNew(kms)],
  ['unwrap', 'Decrypt', async (kms: GcpKms) => kms.unwrap(await kept(), CONTEXT)],
] as const)('%s', (_, operation, act) => {
  const once = { ...LIMITS, attempts: 1 };

  it.each([...RECORDED.map(([what, fault, code]) => [what, fault, new RegExp(`^${code}$`)] as const), ...BROKEN])('meets %s', async (__, fault, codes) => {
    const kms = kmsOf((await kept()).keyId, { limits: once });
    peer.set({ operation, fault });
    const failure = await failureOf(act(kms));
    if (!isAppError(failure)) throw failure ?? new Error('It did not fail.');
    expect(failure.code).toMatch(codes);
    expect(failure.remedy).toMatch(/\S/);
    expect(JSON.stringify([failure.message, failure.remedy, failure.details])).not.toContain(SECRET);
    expect(failure.cause).toBeUndefined();
  });

  it('asks once for each request of ours: the SDK repeats nothing', async () => {
    const kms = kmsOf((await kept()).keyId, { limits: once });
    for (const code of [4, 8, 13, 14]) {
      peer.set({ operation, fault: status(code, 'x') });
      expect(await codeOf(act(kms))).toMatch(/^KMS_(TIMEOUT|THROTTLED|FAILED)$/);
      expect(peer.asked.map((asked) => asked.operation)).toEqual([operation]);
    }
  });

  it('asks again where the trouble passes, and never where it does not', async () => {
    const kms = kmsOf((await kept()).keyId, { limits: LIMITS });
    for (const fault of [status(14, 'x'), status(8, 'x'), { kind: 'cut', after: null }, changed(() => ({}))] as const) {
      peer.set({ operation, fault, times: 2 });
      expect(await codeOf(act(kms))).toBeNull();
      expect(peer.asked.filter((asked) => asked.operation === operation).length).toBeGreaterThanOrEqual(3);
    }
    peer.set({ operation, fault: status(7, 'x') });
    expect(await codeOf(act(kms))).toBe('KMS_PERMISSION_DENIED');
    expect(peer.asked).toHaveLength(1);
  });

  it('goes on over a new connection after one that does not answer', async () => {
    const kms = kmsOf((await kept()).keyId, { limits: { ...LIMITS, timeoutMs: 300 } });
    peer.set({ operation, fault: { kind: 'silence' }, times: 1 });
    expect(await codeOf(act(kms))).toBeNull();
  });
});

describe('the checksums', () => {
  it.each(['verifiedPlaintextCrc32c', 'verifiedAdditionalAuthenticatedDataCrc32c'])('are demanded: %s', async (flag) => {
    const kms = kmsOf((await kept()).keyId, { limits: { ...LIMITS, attempts: 1 } });
    peer.set({ fault: changed((answer) => ({ ...answer, [flag]: false })) });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_ANSWER_INVALID');
  });

  it('are sent for the key, the context and the wrapped bytes', async () => {
    const kms = kmsOf((await kept()).keyId);
    peer.set();
    expect(await codeOf(kms.unwrap(await wrapNew(kms), CONTEXT))).toBeNull();
    const [encrypt, decrypt] = peer.asked.map(({ request }) => request);
    for (const sent of [encrypt.plaintextCrc32c, encrypt.additionalAuthenticatedDataCrc32c, decrypt.ciphertextCrc32c, decrypt.additionalAuthenticatedDataCrc32c]) expect(Number(sent.value)).toBeGreaterThan(0);
    expect(Buffer.from(encrypt.additionalAuthenticatedData).toString('latin1')).toContain(CONTEXT.description);
  });
});

describe('what it is told', () => {
  it('names the permission that is missing', async () => {
    const kms = kmsOf((await kept()).keyId);
    peer.model.denied.add('cloudkms.cryptoKeyVersions.useToEncrypt');
    const failure = await failureOf(wrapNew(kms));
    peer.model.denied.clear();
    expect(isAppError(failure, 'KMS_PERMISSION_DENIED') && failure.details).toMatchObject({ permission: 'cloudkms.cryptoKeyVersions.useToEncrypt', googleReason: 'IAM_PERMISSION_DENIED' });
  });

  it('refuses a ciphertext of another key, and the answer for another key', async () => {
    const [one, other] = [kmsOf(createKey(peer)), kmsOf(createKey(peer))];
    const [ours, theirs] = [await wrapNew(one), await wrapNew(other)];
    expect(await codeOf(one.unwrap({ ...ours, bytes: theirs.bytes }, CONTEXT))).toBe('KMS_CIPHERTEXT_REFUSED');
    peer.set({ operation: 'Encrypt', fault: changed((answer) => ({ ...answer, name: `${theirs.keyId}/cryptoKeyVersions/1` })) });
    expect(await codeOf(wrapNew(kmsOf(ours.keyId, { limits: { ...LIMITS, attempts: 1 } })))).toBe('KMS_ANSWER_INVALID');
  });

  it('a valid answer for another generation: told by its fingerprint alone', async () => {
    const kms = kmsOf((await kept()).keyId);
    using theirs = randomSecret(32);
    const other = await kms.wrap(theirs, { ...CONTEXT, description: 'other' });
    let plain: Message = null;
    peer.set({ operation: 'Decrypt', fault: changed((answer) => (plain = structuredClone(answer))) });
    (await kms.unwrap(other, { ...CONTEXT, description: 'other' })).dispose();
    peer.set({ operation: 'Decrypt', fault: changed(() => ({ ...plain, plaintext: Buffer.from(plain.plaintext) })) });
    using answered = await kms.unwrap(await kept(), CONTEXT);
    expect(fingerprintOf(answered)).toBe(fingerprintOf(theirs));
  });

  it('opens the circuit, and says so without asking', async () => {
    const kms = kmsOf((await kept()).keyId, { limits: { ...LIMITS, attempts: 1 } });
    peer.set({ fault: status(14, 'x') });
    for (let time = 0; time < 5; time += 1) expect(await codeOf(wrapNew(kms))).toBe('KMS_FAILED');
    expect(await codeOf(wrapNew(kms))).toBe('KMS_CIRCUIT_OPEN');
    expect(peer.asked).toHaveLength(5);
    expect(kms.endpoints()[0]?.circuit.state).toBe('open');
  });

  it('never writes a request to the terminal, whatever the SDK is told to log', async () => {
    const before = process.env['GOOGLE_SDK_NODE_LOGGING'];
    process.env['GOOGLE_SDK_NODE_LOGGING'] = 'all';
    const written: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = ((chunk: string) => written.push(String(chunk)) > 0) as typeof process.stderr.write;
    try {
      await wrapNew(kmsOf((await kept()).keyId));
    } finally {
      process.stderr.write = write;
      if (before === undefined) delete process.env['GOOGLE_SDK_NODE_LOGGING'];
      else process.env['GOOGLE_SDK_NODE_LOGGING'] = before;
    }
    expect(written.join('')).toBe('');
  });
});

let wrapped: Awaited<ReturnType<typeof wrapNew>> | null = null;

/** One generation, wrapped while all was well. */
async function kept(): Promise<Awaited<ReturnType<typeof wrapNew>>> {
  wrapped ??= await wrapNew(kmsOf(createKey(peer)));
  return wrapped;
}
