import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onFailPoint } from '../../../main/fail-point.ts';
import { crc32c } from '../../../main/kms/gcp/crc32c.ts';
import { findOrphans } from '../../../main/masterkey/orphans.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { createKey, gcpKms } from '../gcp/gcp.ts';
import { type Message, STATUS } from '../gcp/kms-model.ts';
import { type Fault, type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { faultTrial, type OpenKms } from './fault-trial.ts';

const SECRET = 'known-secret-of-the-tests';
let gcp: GcpPeer;

beforeAll(async () => {
  gcp = await startGcpPeer();
});

afterAll(async () => {
  await gcp?.stop();
});

const trial = faultTrial(() => gcp.set(), () => [SECRET]);
const { steady, activate, refused, leftOut } = trial;
const opens = (keyId: string): OpenKms => (limits) => gcpKms(gcp, keyId, { limits });

/** In the fields of a request and its answer alike, with the checksum that belongs to it. */
const withPlain = (message: Message, plaintext: Buffer): Message => ({ ...message, plaintext, plaintextCrc32c: { value: crc32c(plaintext) } });
const withContext = (message: Message, data: Buffer): Message => ({ ...message, additionalAuthenticatedData: data, additionalAuthenticatedDataCrc32c: { value: crc32c(data) } });
const withCiphertext = (message: Message, ciphertext: Buffer): Message => ({ ...message, ciphertext, ciphertextCrc32c: { value: crc32c(ciphertext) } });

const OTHER_KEY = Buffer.alloc(32, 9);
const OTHER_CONTEXT = Buffer.from('of another cluster');

/** Whatever is asked is about another master key, wrapped under the very same key and context. */
function aboutAnotherKey(asked: Message): Message {
  if (asked.ciphertext === undefined) return withPlain(asked, OTHER_KEY);
  const { name, additionalAuthenticatedData, additionalAuthenticatedDataCrc32c } = asked;
  return withCiphertext(asked, gcp.model.answer('Encrypt', withPlain({ name, additionalAuthenticatedData, additionalAuthenticatedDataCrc32c }, OTHER_KEY)).ciphertext);
}

const otherName = (answer: Message): Message => (answer.name === undefined ? answer : { ...answer, name: answer.name.replace('/cryptoKeys/fabric/', '/cryptoKeys/other/') });
const status = (code: number, details: string, more: object = {}): Fault => ({ kind: 'status', refusal: { code, details: `${details} ${SECRET}`, ...more } });
const changed = (change: (answer: Message) => Message): Fault => ({ kind: 'answer', change });
const UNAUTHENTICATED = 16;

/** The code of an activation whose Encrypt, and of one whose Decrypt does so; null where it has no say there. */
const AT_GCP: readonly (readonly [what: string, fault: Fault, wraps: string | null, opens: string | null])[] = [
  ['nothing at all', { kind: 'silence' }, 'KMS_TIMEOUT', 'KMS_TIMEOUT'],
  ['an answer that does not come in time', { kind: 'slow', ms: 3_000 }, 'KMS_TIMEOUT', 'KMS_TIMEOUT'],
  ['an end of the connection', { kind: 'cut', after: null }, 'KMS_UNREACHABLE', 'KMS_UNREACHABLE'],
  ['half an answer', { kind: 'cut', after: 20 }, 'KMS_UNREACHABLE|KMS_ANSWER_INVALID', 'KMS_UNREACHABLE|KMS_ANSWER_INVALID'],
  ['garbage', { kind: 'garbage' }, 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['an empty answer', changed(() => ({})), 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['bytes that do not fit their checksum', changed((answer) => ({ ...answer, ciphertext: Buffer.alloc(80, 1), plaintext: Buffer.alloc(32, 1) })), 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['the name of another key', changed(otherName), 'KMS_ANSWER_INVALID', null],
  ['other bytes as the plain key, with their checksum', changed((answer) => withPlain(answer, OTHER_KEY)), null, 'KEY_FINGERPRINT_MISMATCH'],
  ['other wrapped bytes, with their checksum', changed((answer) => withCiphertext(answer, Buffer.alloc(80, 1))), 'KMS_CIPHERTEXT_REFUSED', null],
  ['a valid answer about another master key', { kind: 'asked-otherwise', change: aboutAnotherKey }, 'KEY_FINGERPRINT_MISMATCH', 'KEY_FINGERPRINT_MISMATCH'],
  ['a valid answer for another context', { kind: 'asked-otherwise', change: (asked) => withContext(asked, OTHER_CONTEXT) }, 'KMS_CIPHERTEXT_REFUSED', 'KMS_CIPHERTEXT_REFUSED'],
  ['a refusal of permission', status(STATUS.PERMISSION_DENIED, "Permission 'cloudkms.cryptoKeyVersions.use' denied on resource."), 'KMS_PERMISSION_DENIED', 'KMS_PERMISSION_DENIED'],
  ['that it does not know who asks', status(UNAUTHENTICATED, 'Request had invalid authentication credentials.'), 'KMS_CREDENTIALS_WRONG', 'KMS_CREDENTIALS_WRONG'],
  ['expired credentials', status(UNAUTHENTICATED, 'Request had invalid authentication credentials.', { info: { reason: 'ACCESS_TOKEN_EXPIRED' } }), 'KMS_CREDENTIALS_EXPIRED', 'KMS_CREDENTIALS_EXPIRED'],
  ['a disabled version', status(STATUS.FAILED_PRECONDITION, 'x/cryptoKeyVersions/1 is not enabled, current state is: DISABLED.'), 'KMS_KEY_DISABLED', 'KMS_KEY_DISABLED'],
];

const WRAPS = AT_GCP.flatMap(([what, fault, code]) => (code === null ? [] : [[what, fault, code] as const]));
const OPENS = AT_GCP.flatMap(([what, fault, , code]) => (code === null ? [] : [[what, fault, code] as const]));

describe('GCP answers', () => {
  let key: string;
  beforeEach(() => {
    key = createKey(gcp);
  });

  it.each(WRAPS)('%s to Encrypt', async (_, fault, code) => {
    await refused(opens(key), 'GCP_KMS', () => gcp.set({ operation: 'Encrypt', fault }), code);
  });

  it.each(OPENS)('%s to Decrypt, when what was stored is verified', async (_, fault, code) => {
    await refused(opens(key), 'GCP_KMS', () => gcp.set({ operation: 'Decrypt', fault }), code);
  });

  it.each(OPENS)('%s to Decrypt, at going live', async (_, fault, code) => {
    await leftOut(opens(key), 'GCP_KMS', () => gcp.set({ operation: 'Decrypt', fault }), code);
  });
});

it('a version of GCP that is disabled between wrapping and verifying is not made active', async () => {
  const key = createKey(gcp);
  await trial.cluster.goLive({ kms: steady(opens(key)) });
  const description = await activate(steady(opens(key)), 'GCP_KMS');
  const another = createKey(gcp);
  const passed: string[] = [];
  onFailPoint((point) => {
    passed.push(point);
    if (point === 'activate:wrapped') gcp.model.setState(`${another}/cryptoKeyVersions/1`, 'DISABLED');
  });
  await expect(activate(steady(opens(another)), 'GCP_KMS')).rejects.toMatchObject({ code: 'KMS_KEY_DISABLED' });
  expect(passed).toContain('activate:stored');
  expect(passed).not.toContain('activate:verified');
  expect((await trial.cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
  expect(await findOrphans(trial.cluster.db)).toEqual([]);
});
