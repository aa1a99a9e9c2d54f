import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { failure, Machine } from '../../cli/fkc.ts';
import { createKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { gcpSection, line, Node } from './node.ts';

/** What an act on a key must not do, whatever the KMS answers meanwhile. */

const node = new Node();
let gcp: GcpPeer;

const shortOf = (keyId: string): string => keyId.split('/').at(-1) ?? '';
const DENIED = { kind: 'status', refusal: { code: 7, details: 'no' } } as const;

beforeAll(async () => {
  gcp = await startGcpPeer();
  await node.make({ gcp: { endpoint: gcp.endpoint } });
  node.configure(gcpSection(createKey(gcp)));
  await node.restart();
});

afterAll(async () => {
  await node.remove();
  await gcp?.stop();
});

beforeEach(() => gcp.set());

it('no act is done without consent: not by a refusal that is gone when the act begins', async () => {
  using machine = new Machine();
  const key = createKey(gcp);
  const [section = '', values = {}] = Object.entries(gcpSection(key))[0] ?? [];
  machine.write('config.ini', `[${section}]\n${Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join('')}`);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--gcp-endpoint', gcp.endpoint]);
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  const mine = ['--profile', 'mine'];
  await machine.json([...mine, 'run', line('GCP_KMS')]);

  gcp.set({ operation: 'GetCryptoKey', times: 1, fault: DENIED });
  expect(await machine.json([...mine, 'kms', 'disable', key, '--confirm', 'another'], { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  expect(await machine.json([...mine, 'kms', 'show', key])).toMatchObject({ state: 'enabled' });
  expect(await machine.json([...mine, 'kms', 'disable', key, '--confirm', shortOf(key)])).toMatchObject({ state: 'disabled' });
  expect(await machine.json([...mine, 'kms', 'disable', key, '--confirm', shortOf(key)], { code: 1 })).toEqual(failure('KMS_ACT_UNSUPPORTED'));
}, 120_000);

it('an act that was done for some versions of a Google key alone is not told as done, whichever of them wraps', async () => {
  const key = createKey(gcp);
  gcp.model.answer('CreateCryptoKeyVersion', { parent: key });
  const { kmsActs: acts } = node.services;
  await acts.run({ act: 'schedule-deletion', provider: 'GCP_KMS', keyId: key }, shortOf(key));
  // The first version wraps: its state is the key's.
  gcp.set({ operation: 'RestoreCryptoKeyVersion', times: 1, fault: { kind: 'slow', ms: 1 } }, { operation: 'RestoreCryptoKeyVersion', fault: DENIED });
  await expect(acts.run({ act: 'cancel-deletion', provider: 'GCP_KMS', keyId: key }, '')).rejects.toMatchObject({ code: 'KMS_OUTCOME_UNKNOWN', message: expect.stringContaining('1 of 2'), details: { done: 1, of: 2 } });
  gcp.set();
  await acts.run({ act: 'schedule-deletion', provider: 'GCP_KMS', keyId: key }, shortOf(key));
  gcp.set({ operation: 'RestoreCryptoKeyVersion', times: 1, fault: { kind: 'cut', after: null } });
  await expect(acts.run({ act: 'cancel-deletion', provider: 'GCP_KMS', keyId: key }, '')).rejects.toMatchObject({ code: 'KMS_OUTCOME_UNKNOWN', details: { state: 'disabled' } });
  expect(statesOf(key)).toEqual(['DISABLED', 'DESTROY_SCHEDULED']);
  gcp.set();
  await acts.run({ act: 'cancel-deletion', provider: 'GCP_KMS', keyId: key }, '');
  expect(statesOf(key)).toEqual(['DISABLED', 'DISABLED']);
}, 60_000);

it('the name of one version does not stand for the key with all of them', async () => {
  const key = createKey(gcp);
  gcp.model.answer('CreateCryptoKeyVersion', { parent: key });
  const version = `${key}/cryptoKeyVersions/2`;
  const { kmsKeys, kmsActs } = node.services;
  await expect(kmsKeys.find(version)).rejects.toMatchObject({ code: 'KMS_KEY_ID_INVALID' });
  await expect(kmsActs.run({ act: 'disable', provider: 'GCP_KMS', keyId: version }, 'fabric')).rejects.toMatchObject({ code: 'KMS_KEY_ID_INVALID' });
  expect(statesOf(key)).toEqual(['ENABLED', 'ENABLED']);
}, 60_000);

function statesOf(key: string): unknown[] {
  return (gcp.model.answer('ListCryptoKeyVersions', { parent: key, pageToken: '' }).cryptoKeyVersions as { state: string }[]).map(({ state }) => state);
}

it('no deletion has a shorter window than the one that was told', async () => {
  const { kmsActs } = node.services;
  const short = createKey(gcp, { windowDays: 2 });
  const request = { act: 'schedule-deletion', provider: 'GCP_KMS', keyId: short } as const;
  await expect(kmsActs.run(request, shortOf(short))).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { days: 2 } });
  expect(statesOf(short)).toEqual(['ENABLED']);
  expect(await kmsActs.plan({ ...request, days: 2 })).toMatchObject({ refusal: null, days: 2, wayBack: expect.stringContaining('2 days') });
  expect(await kmsActs.run({ ...request, days: 2 }, shortOf(short))).toMatchObject({ state: 'pending-deletion' });
  const long = createKey(gcp, { windowDays: 60 });
  expect(await kmsActs.run({ ...request, keyId: long }, shortOf(long))).toMatchObject({ state: 'pending-deletion' });
}, 60_000);
