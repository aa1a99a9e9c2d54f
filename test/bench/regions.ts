import { CreateKeyCommand, DescribeKeyCommand, GetKeyPolicyCommand, GetKeyRotationStatusCommand, type KMSClient, ListAliasesCommand, ListGrantsCommand, ListResourceTagsCommand, ReplicateKeyCommand } from '@aws-sdk/client-kms';
import { AwsKms } from '../../main/kms/aws/provider.ts';
import { DEFAULT_SHARE } from '../../main/kms/aws/quotas.ts';
import type { NodePlan, RegionFacts } from '../../main/regions/facts.ts';
import { gatherRegions } from '../../main/regions/gather.ts';
import { bareClient, CREDENTIALS } from '../peers/aws/aws.ts';
import { installMoto, startMoto } from '../peers/aws/python-server.ts';
import { REGIONS } from '../peers/aws/region-fixture.ts';
import { PUBLISHED, startQuotaServer } from './quota-server.ts';
import type { BenchRow } from './row.ts';

/** Multi-Region keys, each with a copy in five Regions. */
const KEYS = Number(process.env['FKC_BENCH_KEYS'] ?? 1_000);
/** Keys at once in each Region, as the audit asks. */
const CONCURRENCY = 16;
const GOAL = 1.2;
/** Of each key in each Region; replicas are asked for once a key. */
const REQUESTS = 6;

/** An audit of many keys in five Regions against the bare SDK at a real server, and against AWS's published quotas. */
export async function regionsBench(): Promise<BenchRow[]> {
  const server = await startMoto(await installMoto());
  const before = process.env['AWS_ENDPOINT_URL_KMS'];
  process.env['AWS_ENDPOINT_URL_KMS'] = server.url;
  const clients = REGIONS.map((region) => bareClient(server.url, region));
  try {
    const keys = await makeKeys(clients);
    // Once each before they are measured: connections, and what the server keeps.
    await bare(clients, keys.slice(0, 20));
    const alone = await seconds(() => bare(clients, keys));
    let facts: RegionFacts | null = null;
    const audited = await seconds(async () => {
      facts = await audit(keys, 1);
    });
    return [...rowsOf(facts as RegionFacts | null, alone, audited), ...(await withinQuotas(1)), ...(await withinQuotas(DEFAULT_SHARE))];
  } finally {
    for (const client of clients) client.destroy();
    if (before === undefined) delete process.env['AWS_ENDPOINT_URL_KMS'];
    else process.env['AWS_ENDPOINT_URL_KMS'] = before;
    await server.stop();
  }
}

function rowsOf(facts: RegionFacts | null, alone: number, audited: number): BenchRow[] {
  assertAllLearnt(facts);
  const requests = requestsOf(facts);
  process.stderr.write(`  ${audited.toFixed(1)} s for ${requests} requests; the bare SDK ${alone.toFixed(1)} s\n`);
  const perCopy = requests / (KEYS * REGIONS.length);
  const most = REQUESTS + 1 / REGIONS.length + 0.01;
  return [
    { name: `audit of ${KEYS} keys × ${REGIONS.length} Regions against the bare SDK at the same server`, ratio: audited / alone, goal: GOAL, met: audited / alone <= GOAL, bound: 'the server' },
    { name: 'requests a key and Region', ratio: perCopy, goal: most, met: perCopy <= most, bound: 'one for each thing that is compared' },
  ];
}

/**
 * Against a server that holds the caller to AWS's quotas and is bound by nothing else.
 * @param share of each quota, as a profile sets it; the bound is that share's own
 */
async function withinQuotas(share: number): Promise<BenchRow[]> {
  const server = await startQuotaServer();
  process.env['AWS_ENDPOINT_URL_KMS'] = server.url;
  try {
    const keys = Array.from({ length: KEYS }, (_, place) => `mrk-${String(place).padStart(32, '0')}`);
    let facts: RegionFacts | null = null;
    const taken = await seconds(async () => {
      facts = await audit(keys, share);
    });
    // Each Region has its own quotas, and all are asked at once; each operation once a key. A second's worth may come at once.
    const slowest = Math.min(...Object.values(PUBLISHED));
    const bound = KEYS / (slowest * share);
    const taking = `${share * 100} % of the quotas`;
    const { requests, throttled } = await server.counts();
    process.stderr.write(`  ${taken.toFixed(1)} s within ${taking}, whose own bound is ${bound.toFixed(1)} s; ${throttled} of ${requests} requests throttled\n`);
    assertAllLearnt(facts);
    if (requestsOf(facts) !== requests) throw new Error('The audit counted other requests than the server saw.');
    return [
      { name: `audit of ${KEYS} keys × ${REGIONS.length} Regions with ${taking}, against their own bound`, ratio: taken / bound, goal: GOAL, met: taken / bound <= GOAL, bound: `${share * 100} % of AWS's ListGrants quota` },
      { name: `requests that were throttled, with ${taking}`, ratio: throttled, goal: 0, met: throttled === 0, bound: 'the budget' },
    ];
  } finally {
    await server.stop();
  }
}

/** An audit that gives its places up early is quick, and within any quota. */
function assertAllLearnt(facts: RegionFacts | null): void {
  const learnt = (facts?.keys ?? []).filter(({ copies }) => copies.length === REGIONS.length && copies.every(({ exists, grants }) => exists === 'yes' && grants.known)).length;
  if (learnt !== KEYS) throw new Error(`The audit learnt ${learnt} of ${KEYS} keys whole.`);
}

function requestsOf(facts: RegionFacts | null): number {
  return (facts?.places ?? []).reduce((sum, place) => sum + place.requests, 0);
}

/** @param share of AWS's quotas */
async function audit(keys: readonly string[], share: number): Promise<RegionFacts> {
  const nodes = REGIONS.map((region): NodePlan => ({ node: region, file: region, whyNot: null, lacks: [], uses: [{ provider: 'AWS_KMS', place: region, key: arn(region, keys[0] ?? '') }] }));
  return gatherRegions({
    nodes,
    generations: keys.map((id) => ({ name: 'masterkey_key_name', description: id, active: false, provider: 'AWS_KMS', keyId: arn(REGIONS[0], id), version: null, place: REGIONS[0] })),
    open: (_, region) => Promise.resolve(new AwsKms({ region, keyId: null, credentials: () => Promise.resolve(CREDENTIALS), quotaShare: share, limits: { timeoutMs: 60_000 } })),
    concurrency: CONCURRENCY,
  });
}

/** The same questions by the bare SDK, as many at once. */
async function bare(clients: readonly KMSClient[], keys: readonly string[]): Promise<void> {
  await Promise.all(
    clients.map((client) =>
      sideBySide(keys, async (KeyId) => {
        await client.send(new DescribeKeyCommand({ KeyId }));
        await Promise.all([
          client.send(new GetKeyRotationStatusCommand({ KeyId })),
          client.send(new ListAliasesCommand({ KeyId })),
          client.send(new ListResourceTagsCommand({ KeyId })),
          client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' })),
          client.send(new ListGrantsCommand({ KeyId })),
        ]);
      }),
    ),
  );
}

async function makeKeys([primary]: readonly KMSClient[]): Promise<string[]> {
  const ids: string[] = [];
  await sideBySide(Array.from({ length: KEYS }), async () => {
    const { KeyMetadata } = (await primary?.send(new CreateKeyCommand({ MultiRegion: true }))) ?? {};
    const KeyId = KeyMetadata?.KeyId ?? '';
    for (const ReplicaRegion of REGIONS.slice(1)) await primary?.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion }));
    ids.push(KeyId);
  });
  return ids;
}

function arn(region: string, id: string): string {
  return `arn:aws:kms:${region}:${ACCOUNT}:key/${id}`;
}

/** moto's only one. */
const ACCOUNT = '123456789012';

async function sideBySide<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const item of queue) await act(item);
    }),
  );
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
