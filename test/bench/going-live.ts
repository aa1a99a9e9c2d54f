import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { encryptionContext } from '../../main/kms/aws/encryption-context.ts';
import { AwsKms, type AwsKmsSettings } from '../../main/kms/aws/provider.ts';
import type { WrappedKey } from '../../main/kms/provider.ts';
import { KmsProviders } from '../../main/kms/registry.ts';
import { toStored } from '../../main/kms/stored.ts';
import { KeyRing } from '../../main/masterkey/key-ring.ts';
import { Protection } from '../../main/masterkey/protection.ts';
import { storeStripes, stripeCount } from '../../main/masterkey/stripes.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { bareClient, createKey, CREDENTIALS, REGION } from '../peers/aws/aws.ts';
import { installLocalStack, startLocalStack } from '../peers/aws/python-server.ts';
import { median, seconds, sideBySide } from './cluster/node.ts';
import type { BenchRow } from './row.ts';

const GENERATIONS = 1_000;
const KEYS = 3;
/** As many unwraps at once as going live has. */
const CONCURRENCY = 32;
const ROUNDS = 3;
const GOAL = 1.2;

interface Made {
  readonly description: string;
  readonly wrapped: WrappedKey;
}

/** Going live with many generations under several KMS keys, against the same unwraps by the bare SDK at LocalStack. */
export async function goingLiveBench(): Promise<BenchRow[]> {
  const server = await startLocalStack(await installLocalStack());
  const before = process.env['AWS_ENDPOINT_URL_KMS'];
  process.env['AWS_ENDPOINT_URL_KMS'] = server.url;
  const folder = await mkdtemp(join(tmpdir(), 'fkc-bench-live-'));
  const db = await openSqlite(join(folder, 'system.db'));
  const client = bareClient(server.url);
  try {
    // The two keys that every platform has come first: they are no part of the figure.
    (await goLive(db)).ring.lock();
    const made = await fill(db, server.url);
    const times = { bare: [] as number[], live: [] as number[] };
    let calls = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      times.bare.push(await seconds(() => sideBySide(made, CONCURRENCY, (one) => unwrapBare(client, one))));
      times.live.push(await seconds(async () => {
        const { ring, requests } = await goLive(db);
        const held = made.filter(({ description }) => ring.holds(description)).length;
        ring.lock();
        if (held !== GENERATIONS) throw new Error(`Going live unwrapped ${held} of ${GENERATIONS} generations.`);
        calls = requests;
      }));
    }
    const ratio = median(times.live) / median(times.bare);
    process.stderr.write(`  ${median(times.live).toFixed(1)} s to go live, ${median(times.bare).toFixed(1)} s by the bare SDK; ${calls} calls\n`);
    return [
      { name: `going live with ${GENERATIONS} generations over ${KEYS} KMS keys against the bare SDK`, ratio, goal: GOAL, met: ratio <= GOAL, bound: 'the server' },
      { name: 'KMS calls of going live, for each generation', ratio: calls / GENERATIONS, goal: 1, met: calls <= GENERATIONS, bound: 'one Decrypt each' },
    ];
  } finally {
    client.destroy();
    await db.close();
    await rm(folder, { recursive: true, force: true });
    if (before === undefined) delete process.env['AWS_ENDPOINT_URL_KMS'];
    else process.env['AWS_ENDPOINT_URL_KMS'] = before;
    await server.stop();
  }
}

function settings(keyId: string | null): AwsKmsSettings {
  // A machine that does nothing else is slow enough to keep 32 calls waiting for seconds.
  return { region: REGION, keyId, credentials: () => Promise.resolve(CREDENTIALS), quotaShare: 1, limits: { timeoutMs: 60_000 } };
}

async function goLive(db: SystemDb): Promise<{ ring: KeyRing; requests: number }> {
  const registry = new KmsProviders({ AWS_KMS: { target: null, settings: () => settings(null) } });
  try {
    const ring = await KeyRing.goLive({ db, protection: await Protection.open(db, null), suite: suiteFor(false), actor: 'bench', kms: { registry, cluster: null } });
    return { ring, requests: registry.endpoints().reduce((sum, { requests }) => sum + requests, 0) };
  } finally {
    registry.close();
  }
}

async function fill(db: SystemDb, url: string): Promise<Made[]> {
  const providers = await Promise.all(Array.from({ length: KEYS }, async () => new AwsKms(settings(await createKey(url)))));
  const made: Made[] = [];
  await sideBySide(Array.from({ length: GENERATIONS }).keys(), CONCURRENCY, async (place) => {
    const description = `bench-${String(place).padStart(4, '0')}`;
    const { plain, wrapped } = await (providers[place % KEYS] as AwsKms).generate({ name: LUI_KEY_NAME, description, cluster: null });
    const fingerprint = fingerprintOf(plain);
    plain.dispose();
    await storeStripes(db.stripes, description, wrapped.bytes);
    await db.keys.insert({
      name: LUI_KEY_NAME,
      description,
      generator: 'AWS_KMS',
      store: 'AWS_KMS',
      fingerprint,
      stripes: stripeCount(wrapped.bytes.length),
      wrapping: toStored(wrapped),
      createdAt: Date.now(),
      actor: 'bench',
      reason: null,
    });
    made.push({ description, wrapped });
  });
  for (const provider of providers) provider.close();
  return made;
}

async function unwrapBare(client: KMSClient, { description, wrapped }: Made): Promise<void> {
  const EncryptionContext = encryptionContext({ name: LUI_KEY_NAME, description, cluster: null });
  const { Plaintext } = await client.send(new DecryptCommand({ KeyId: wrapped.keyId, CiphertextBlob: wrapped.bytes, EncryptionContext }));
  Plaintext?.fill(0);
}
