import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onFailPoint } from '../../../main/fail-point.ts';
import { OPERATION } from '../../../main/kms/kmip/enumerations.ts';
import { revoke } from '../../../main/kms/kmip/operations/revoke.ts';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { bytes, enumeration, integer, text } from '../../../main/kms/kmip/ttlv/item.ts';
import { findOrphans } from '../../../main/masterkey/orphans.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { type Fault, type FaultProxy, startFaultProxy, withField } from '../kmip/fault-proxy.ts';
import { createKey, CREDENTIAL, credential, kmipKms, withServer } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { faultTrial, type OpenKms } from './fault-trial.ts';

const pki = makePki();
let go: KmipPeer;
let proxy: FaultProxy;
let key: string;

beforeAll(async () => {
  go = await startGoPeer(pki);
  proxy = await startFaultProxy(pki, go.port);
});

afterAll(async () => {
  await proxy?.stop();
  await go?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

const trial = faultTrial(() => proxy.set(), () => [CREDENTIAL.password]);
const { steady, activate, refused, leftOut } = trial;
const opens = (keyId: string): OpenKms => (limits) => kmipKms(pki, proxy.port, keyId, { ...credential(), limits });

beforeEach(async () => {
  key = await createKey(pki, go.port);
});

const changed = (tag: number, change: Parameters<typeof withField>[1]): Fault => ({ kind: 'changed', change: withField(tag, change) });
const asked = (tag: number, change: Parameters<typeof withField>[1]): Fault => ({ kind: 'asked-otherwise', change: withField(tag, change) });
const refusing = (reason: Extract<Fault, { kind: 'refused' }>['reason']): Fault => ({ kind: 'refused', reason, words: CREDENTIAL.password });
const otherBytes = (): ReturnType<typeof bytes> => bytes(TAG.data, Buffer.alloc(32, 9));

/** What goes wrong with the answer to any operation. */
const AT_ANY: readonly (readonly [what: string, fault: Fault, code: string])[] = [
  ['nothing at all', { kind: 'cut', after: null }, 'KMS_UNREACHABLE'],
  ['an answer that does not come in time', { kind: 'slow', ms: 3_000 }, 'KMS_TIMEOUT'],
  ['half an answer, and silence', { kind: 'half', bytes: 60 }, 'KMS_TIMEOUT'],
  ['half an answer, and an end', { kind: 'cut', after: 40 }, 'KMS_UNREACHABLE'],
  ['garbage', { kind: 'answer', bytes: Buffer.from([0xff, 0, 1, 2, 3, 4, 5, 6, 7]) }, 'KMS_ANSWER_INVALID'],
  ['an empty message', { kind: 'answer', bytes: Buffer.from('42007b0100000000', 'hex') }, 'KMS_ANSWER_INVALID'],
  ['the answer to another operation', changed(TAG.operation, () => enumeration(TAG.operation, OPERATION.Destroy)), 'KMS_ANSWER_INVALID'],
  ['a login that is refused', refusing('AuthenticationNotSuccessful'), 'KMS_CREDENTIALS_WRONG'],
];

/** What goes wrong with the key that was asked about. */
const AT_A_KEY: typeof AT_ANY = [
  ['another key', changed(TAG.uniqueIdentifier, () => text(TAG.uniqueIdentifier, 'another')), 'KMS_ANSWER_INVALID'],
  ['a refusal of permission', refusing('PermissionDenied'), 'KMS_PERMISSION_DENIED'],
  ['a destroyed key', refusing('ObjectDestroyed'), 'KMS_KEY_DESTROYED'],
  ['a key that is not there', refusing('ObjectNotFound'), 'KMS_KEY_NOT_FOUND'],
];

/** What goes wrong with the bytes: the code of an activation whose Encrypt, and of one whose Decrypt does so; null where it has none. */
const AT_BYTES: readonly (readonly [what: string, fault: Fault, wraps: string | null, opens: string | null])[] = [
  ['no bytes', changed(TAG.data, () => null), 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['half the bytes', changed(TAG.data, () => bytes(TAG.data, Buffer.alloc(16))), 'KMS_ANSWER_INVALID', 'KMS_ANSWER_INVALID'],
  ['other bytes', changed(TAG.data, otherBytes), 'KMS_CIPHERTEXT_REFUSED', 'KEY_FINGERPRINT_MISMATCH'],
  ['a valid answer about other bytes', asked(TAG.data, otherBytes), 'KEY_FINGERPRINT_MISMATCH', 'KMS_CIPHERTEXT_REFUSED'],
  ['a valid answer for another context', asked(TAG.authenticatedEncryptionAdditionalData, () => bytes(TAG.authenticatedEncryptionAdditionalData, Buffer.from('of another cluster'))), 'KMS_CIPHERTEXT_REFUSED', 'KMS_CIPHERTEXT_REFUSED'],
  ['a short tag', changed(TAG.authenticatedEncryptionTag, () => bytes(TAG.authenticatedEncryptionTag, Buffer.alloc(12))), 'KMS_ANSWER_INVALID', null],
];

const some = (rows: typeof AT_BYTES, at: 2 | 3): typeof AT_ANY => rows.flatMap((row) => (row[at] === null ? [] : [[row[0], row[1], row[at]] as const]));

const AT_ENCRYPT = [...AT_ANY, ...AT_A_KEY, ...some(AT_BYTES, 2)];
const AT_DECRYPT = [...AT_ANY, ...AT_A_KEY, ...some(AT_BYTES, 3)];
/** Servers that keep the attributes to themselves are asked to wrap all the same. */
const AT_GET_ATTRIBUTES = [...AT_ANY, ...AT_A_KEY.filter(([, , code]) => code !== 'KMS_PERMISSION_DENIED')];

describe('a KMIP server answers', () => {
  describe.each(['DiscoverVersions', 'Query'] as const)('to %s', (operation) => {
    it.each(AT_ANY)('%s', async (_, fault, code) => {
      await refused(opens(key), 'KMIP_KMS', () => proxy.set({ operation, fault }), code);
    });

    it.each(AT_ANY)('%s, at going live', async (_, fault, code) => {
      await leftOut(opens(key), 'KMIP_KMS', () => proxy.set({ operation, fault }), code);
    });
  });

  it('no version that binds, to DiscoverVersions', async () => {
    const fault = changed(TAG.responsePayload, withField(TAG.protocolVersionMinor, () => integer(TAG.protocolVersionMinor, 2)) as Parameters<typeof withField>[1]);
    await refused(opens(key), 'KMIP_KMS', () => proxy.set({ operation: 'DiscoverVersions', fault }), 'KMS_ACT_UNSUPPORTED');
  });

  it.each(AT_GET_ATTRIBUTES)('%s to GetAttributes', async (_, fault, code) => {
    await refused(opens(key), 'KMIP_KMS', () => proxy.set({ operation: 'GetAttributes', fault }), code);
  });

  it.each(AT_ENCRYPT)('%s to Encrypt', async (_, fault, code) => {
    await refused(opens(key), 'KMIP_KMS', () => proxy.set({ operation: 'Encrypt', fault }), code);
  });

  it.each(AT_DECRYPT)('%s to Decrypt, when what was stored is verified', async (_, fault, code) => {
    await refused(opens(key), 'KMIP_KMS', () => proxy.set({ operation: 'Decrypt', fault }), code);
  });

  it.each(AT_DECRYPT)('%s to Decrypt, at going live', async (_, fault, code) => {
    await leftOut(opens(key), 'KMIP_KMS', () => proxy.set({ operation: 'Decrypt', fault }), code);
  });
});

it('a KMIP key that is revoked between wrapping and verifying is not made active', async () => {
  await trial.cluster.goLive({ kms: steady(opens(key)) });
  const description = await activate(steady(opens(key)), 'KMIP_KMS');
  const another = await createKey(pki, go.port);
  const passed: string[] = [];
  const revoked = (): Promise<void> => withServer(pki, go.port, (server) => server.ask(revoke, { uniqueIdentifier: another, reason: 'CessationOfOperation' }, { repeatable: false }));
  onFailPoint((point) => {
    passed.push(point);
    if (point === 'activate:wrapped') proxy.set({ operation: 'Decrypt', fault: { kind: 'held', until: revoked }, times: 1 });
  });
  await expect(activate(steady(opens(another)), 'KMIP_KMS')).rejects.toMatchObject({ code: 'KMS_KEY_UNAVAILABLE' });
  expect(passed).toContain('activate:stored');
  expect(passed).not.toContain('activate:verified');
  expect((await trial.cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
  expect(await findOrphans(trial.cluster.db)).toEqual([]);
});
