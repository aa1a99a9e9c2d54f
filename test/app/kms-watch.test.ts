import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Cluster } from '../../app/services/cluster.ts';
import { KmsWatch } from '../../app/services/kms-watch.ts';
import type { KmsProvider } from '../../main/kms/provider.ts';
import { activateKey } from '../../main/masterkey/activate.ts';
import type { KmsAccess } from '../../main/masterkey/protectors.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { SecretBytes } from '../../main/secret.ts';
import { openTestCluster, type TestCluster } from '../masterkey/cluster-fixture.ts';

const MINUTE_MS = 60_000;
const POLLS = 20;

let cluster: TestCluster;
/** Versions of the KMS key that were asked to unwrap. */
let asked: (string | null)[];
let watch: KmsWatch;
let now: number;
let isUnlocked: boolean;

/** A live process with two generations under version 1 of a KMS key, and one under version 2. */
beforeEach(async () => {
  cluster = await openTestCluster();
  const plain = (): SecretBytes => SecretBytes.copyOf(Buffer.alloc(32, 7));
  let version = '1';
  asked = [];
  const kms: KmsProvider = {
    name: 'AWS_KMS',
    acts: {},
    generate: () => Promise.resolve({ plain: plain(), wrapped: { provider: 'AWS_KMS', keyId: 'key', keyVersion: version, location: 'here', parameters: {}, bytes: new Uint8Array(48).fill(1) } }),
    wrap: () => Promise.reject(new Error('was asked')),
    unwrap: ({ keyVersion }) => Promise.resolve((asked.push(keyVersion), plain())),
    endpoints: () => [],
    close: () => undefined,
  };
  const access: KmsAccess = { registry: { provider: () => Promise.resolve(kms) }, cluster: null };
  const ring = await cluster.goLive({ kms: access });
  for (version of ['1', '1', '2']) await activateKey({ db: cluster.db, protection: ring.protection, kms: access }, { name: LUI_KEY_NAME, generator: 'AWS_KMS', store: 'AWS_KMS', actor: 'tester@host', reason: null });
  asked = [];
  now = 0;
  isUnlocked = true;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const process = { ring, db: cluster.db, get unlocked() { return isUnlocked; } };
  watch = new KmsWatch(process as unknown as Cluster);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await cluster.close();
});

/** Polls evenly over that time. @returns the versions that were asked meanwhile */
async function poll(ms: number): Promise<(string | null)[]> {
  asked = [];
  const began = now;
  for (let count = 1; count <= POLLS; count += 1) {
    now = began + (ms * count) / POLLS;
    watch.touch();
    await delay(1);
  }
  await delay(20);
  return asked.toSorted();
}

it('polling asks no KMS within the first minute, and each version of a KMS key once in each that follows', async () => {
  watch.touch();
  expect(await poll(MINUTE_MS - 1)).toEqual([]);
  for (let minute = 2; minute <= 4; minute += 1) expect(await poll(MINUTE_MS)).toEqual(['1', '2']);
});

it('asks nothing while it is locked', async () => {
  watch.touch();
  isUnlocked = false;
  expect(await poll(2 * MINUTE_MS)).toEqual([]);
});
