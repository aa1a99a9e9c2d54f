import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import type { GcpKms } from '../../../main/kms/gcp/provider.ts';
import { codeOf, CONTEXT, failureOf, wrapNew } from '../../conformance/kms-subject.ts';
import { createKey, gcpKms, LIMITS, PROJECT } from './gcp.ts';
import { type GcpPeer, startGcpPeer } from './server.ts';

const DAY = 86_400_000;
let peer: GcpPeer;
const opened: GcpKms[] = [];

beforeAll(async () => {
  peer = await startGcpPeer();
});

afterEach(() => {
  peer.set();
  peer.model.largestPage = 1000;
  peer.model.newVersion = 'ENABLED';
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

async function listed(kms: GcpKms): Promise<string[]> {
  const found: string[] = [];
  for await (const { keyId } of kms.acts.list?.() ?? []) found.push(keyId);
  return found;
}

describe('versions', () => {
  it('stores the version that wrapped; a new primary one wraps, the old ones go on opening', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key);
    const first = await wrapNew(kms);
    await kms.acts.rotateNow?.(key);
    const second = await wrapNew(kms);
    expect([first.keyVersion, second.keyVersion]).toEqual(['1', '2']);
    expect([first.keyId, second.keyId]).toEqual([key, key]);
    for (const wrapped of [first, second]) expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
    expect(await kms.acts.versions?.(key)).toMatchObject([
      { version: '2', current: true, state: 'enabled' },
      { version: '1', current: false, state: 'enabled' },
    ]);
  });

  it('rotates by itself when its time has come', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key);
    await kms.acts.scheduleRotation?.(key, 90);
    expect(Math.abs(((await kms.acts.rotation?.(key))?.nextAt ?? 0) - Date.now() - 90 * DAY)).toBeLessThan(60_000);
    peer.model.advance(91 * DAY);
    expect((await wrapNew(kms)).keyVersion).toBe('2');
    expect(await codeOf(kms.acts.scheduleRotation?.(key, 0.5) ?? Promise.resolve())).toBe('INPUT_INVALID');
  });

  it('waits for a version that is being made', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key);
    peer.model.newVersion = 'PENDING_GENERATION';
    await kms.acts.rotateNow?.(key);
    expect((await wrapNew(kms)).keyVersion).toBe('2');
  });

  it('says so where the new version did not become the primary one', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key);
    peer.model.denied.add('cloudkms.cryptoKeys.update');
    const failure = await failureOf(kms.acts.rotateNow?.(key) ?? Promise.resolve());
    peer.model.denied.clear();
    expect(isAppError(failure, 'KMS_OUTCOME_UNKNOWN') && failure.details).toMatchObject({ version: '2', permission: 'cloudkms.cryptoKeys.update' });
    expect((await wrapNew(kms)).keyVersion).toBe('1');
  });

  it('makes no second version where the first may have been made', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key, { limits: LIMITS });
    peer.set({ operation: 'CreateCryptoKeyVersion', fault: { kind: 'cut', after: null } });
    expect(await codeOf(kms.acts.rotateNow?.(key) ?? Promise.resolve())).toBe('KMS_OUTCOME_UNKNOWN');
    peer.set();
    expect(await kms.acts.versions?.(key)).toHaveLength(2);
  });
});

describe('states are those of versions', () => {
  it('one disabled version closes what it wrapped, and the key goes on', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key);
    const old = await wrapNew(kms);
    await kms.acts.rotateNow?.(key);
    await kms.acts.disable?.(`${key}/cryptoKeyVersions/1`);
    expect(await codeOf(kms.unwrap(old, CONTEXT))).toBe('KMS_KEY_DISABLED');
    expect(await codeOf(wrapNew(kms))).toBeNull();
    expect(await kms.acts.describe?.(key)).toMatchObject({ state: 'enabled', acts: expect.arrayContaining(['enable', 'disable', 'rotateNow']) as unknown });
    await kms.acts.enable?.(key);
    expect(await codeOf(kms.unwrap(old, CONTEXT))).toBeNull();
  });

  it('disables all enabled versions of a key', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key);
    await kms.acts.rotateNow?.(key);
    await kms.acts.disable?.(key);
    expect((await kms.acts.versions?.(key))?.map(({ state }) => state)).toEqual(['disabled', 'disabled']);
    expect(await codeOf(kms.acts.disable?.(key) ?? Promise.resolve())).toBe('KMS_ACT_UNSUPPORTED');
  });

  it('says how far it came where it stops amid', async () => {
    const key = createKey(peer);
    const kms = kmsOf(key, { limits: { ...LIMITS, attempts: 1 } });
    await kms.acts.rotateNow?.(key);
    let seen = 0;
    peer.set({ operation: 'UpdateCryptoKeyVersion', fault: { kind: 'answer', change: (answer: unknown) => ((seen += 1), answer) }, times: 1 }, { operation: 'UpdateCryptoKeyVersion', fault: { kind: 'status', refusal: { code: 7, details: 'x' } } });
    const failure = await failureOf(kms.acts.disable?.(key) ?? Promise.resolve());
    expect(seen).toBe(1);
    expect(isAppError(failure, 'KMS_OUTCOME_UNKNOWN') && failure.details).toMatchObject({ done: 1, of: 2, permission: 'cloudkms.cryptoKeyVersions.update' });
    peer.set();
    await kms.acts.disable?.(key);
    expect(await kms.acts.describe?.(key)).toMatchObject({ state: 'disabled' });
  });

  it("destroys after the key's own window, and nothing opens then", async () => {
    const key = createKey(peer, { windowDays: 7 });
    const kms = kmsOf(key);
    const wrapped = await wrapNew(kms);
    const refused = await failureOf(kms.acts.scheduleDeletion?.(key, 30) ?? Promise.resolve());
    expect(isAppError(refused, 'INPUT_INVALID') && refused.details).toMatchObject({ days: 7 });
    const at = await kms.acts.scheduleDeletion?.(key, 7);
    expect(await kms.acts.describe?.(key)).toMatchObject({ state: 'pending-deletion', deletionAt: at, acts: expect.arrayContaining(['cancelDeletion']) as unknown });
    peer.model.advance(8 * DAY);
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_KEY_DESTROYED');
    expect(await codeOf(kms.acts.cancelDeletion?.(key) ?? Promise.resolve())).toBe('KMS_ACT_UNSUPPORTED');
  });
});

describe('keys', () => {
  it('are listed page by page, those of the key ring alone', async () => {
    const [first, other] = [createKey(peer), createKey(peer)];
    const more = Array.from({ length: 6 }, (_, index) => peer.model.createKey(`${first}-${index}`));
    peer.model.largestPage = 2;
    const found = await listed(kmsOf(first));
    expect(found.toSorted()).toEqual([first, ...more].toSorted());
    expect(found).not.toContain(other);
    expect(peer.asked.filter(({ operation }) => operation === 'ListCryptoKeys')).toHaveLength(4);
  });

  it('are not listed for ever', async () => {
    const key = createKey(peer);
    peer.set({ operation: 'ListCryptoKeys', fault: { kind: 'answer', change: (answer: object) => ({ ...answer, nextPageToken: 'again' }) } });
    expect(await codeOf(listed(kmsOf(key, { limits: { ...LIMITS, attempts: 1 } })))).toBe('KMS_ANSWER_INVALID');
  });

  it('have labels and an IAM policy', async () => {
    const key = createKey(peer, { labels: { team: 'data' }, bindings: [{ role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter', members: ['serviceAccount:fabric@example.iam.gserviceaccount.com'] }] });
    const kms = kmsOf(key);
    expect(await kms.acts.tags?.(key)).toEqual({ team: 'data' });
    expect(JSON.parse((await kms.acts.policy?.(key)) ?? '')).toMatchObject({ bindings: [{ role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter' }] });
  });

  it.each([
    ['for signing', { purpose: 'ASYMMETRIC_SIGN' }],
    ['for MACs', { purpose: 'MAC' }],
  ] as const)('%s wrap nothing', async (_, input) => {
    const key = createKey(peer, input);
    const kms = kmsOf(key);
    expect(await codeOf(wrapNew(kms))).toBe('KMS_KEY_UNSUITABLE');
    expect(await kms.acts.describe?.(key)).toMatchObject({ canWrap: false });
    expect((await kms.acts.describe?.(key))?.acts).not.toContain('rotateNow');
  });

  it('for imported versions alone wait for them', async () => {
    const key = createKey(peer, { importOnly: true });
    expect(await kmsOf(key).acts.describe?.(key)).toMatchObject({ state: 'pending-import' });
  });

  it.each(['global', 'eur4', 'europe', 'europe-west3'])('are in the location %s', async (location) => {
    const key = createKey(peer, {}, location);
    const kms = kmsOf(key);
    const wrapped = await wrapNew(kms);
    expect(wrapped).toMatchObject({ keyId: key, location });
    expect(kms.endpoints()).toMatchObject([{ location }]);
    expect(await codeOf(kms.unwrap({ ...wrapped, location: 'us-east1' }, CONTEXT))).toBe('KMS_WRAPPING_MALFORMED');
  });

  it('may be configured by their whole name, if all agrees', async () => {
    const key = createKey(peer);
    const whole = { projectId: null, locationId: null, keyRingId: null, keyId: key };
    expect((await wrapNew(kmsOf(key, whole))).keyId).toBe(key);
    expect(await codeOf(wrapNew(kmsOf(key, { ...whole, locationId: 'us-east1' })))).toBe('KMS_REGION_WRONG');
    expect(await codeOf(wrapNew(kmsOf(key, { ...whole, projectId: 'other-project' })))).toBe('KMS_KEY_ID_INVALID');
    expect(await codeOf(wrapNew(kmsOf(key, { ...whole, keyId: null })))).toBe('PROVIDER_NOT_CONFIGURED');
    expect(await codeOf(wrapNew(kmsOf(key, { projectId: PROJECT, locationId: null, keyRingId: 'r', keyId: 'k' })))).toBe('KMS_REGION_MISSING');
    expect(await codeOf(wrapNew(kmsOf(key, { keyId: 'no/key' })))).toBe('KMS_KEY_ID_INVALID');
  });
});
