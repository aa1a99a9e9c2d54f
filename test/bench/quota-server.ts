import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const ACCOUNT = '111122223333';

/**
 * What an audit asks, in requests a second: "Request quotas" of the AWS KMS Developer Guide as it stood in 2025, written
 * down here once more, so that a mistake in the product's own table shows.
 */
export const PUBLISHED: Readonly<Record<string, number>> = { DescribeKey: 2000, GetKeyPolicy: 1000, GetKeyRotationStatus: 1000, ListAliases: 500, ListGrants: 100, ListResourceTags: 2000 };

/** Requests that came, and those of them that were over a quota. */
export interface QuotaCounts {
  requests: number;
  throttled: number;
}

export interface QuotaServer {
  readonly url: string;
  counts(): Promise<QuotaCounts>;
  stop(): Promise<unknown>;
}

/** Tokens of one operation in one Region: as many as a second's quota at most, as AWS's own buckets have them. */
class Bucket {
  readonly #rate: number;
  #tokens: number;
  #at = performance.now();

  constructor(rate: number) {
    this.#rate = rate;
    this.#tokens = rate;
  }

  take(): boolean {
    const now = performance.now();
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#at) * this.#rate) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/**
 * Holds callers to AWS's published request quotas, which no server that can run here does, and answers at once with
 * facts made up for any key: it shows whether an audit keeps the quotas, and nothing else. In a thread of its own, so
 * that it takes no time of who asks.
 */
export async function startQuotaServer(): Promise<QuotaServer> {
  const worker = new Worker(new URL(import.meta.url));
  const url = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    url,
    counts: async () => (await fetch(url)).json() as Promise<QuotaCounts>,
    stop: () => worker.terminate(),
  };
}

function serveQuotas(): void {
  const counts: QuotaCounts = { requests: 0, throttled: 0 };
  const buckets = new Map<string, Bucket>();
  const mayPass = (region: string, operation: string): boolean => {
    const name = `${region} ${operation}`;
    const bucket = buckets.get(name) ?? new Bucket(PUBLISHED[operation] ?? 0);
    buckets.set(name, bucket);
    return bucket.take();
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') {
      response.end(JSON.stringify(counts));
      return;
    }
    const operation = /TrentService\.(\w+)/.exec(String(request.headers['x-amz-target']))?.[1] ?? '';
    const region = /Credential=[^/]+\/\d{8}\/([^/]+)\//.exec(String(request.headers.authorization))?.[1] ?? '';
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { KeyId = '' } = JSON.parse(Buffer.concat(parts).toString()) as { KeyId?: string };
    counts.requests += 1;
    const passes = mayPass(region, operation);
    if (!passes) counts.throttled += 1;
    const body = passes ? answer(operation, region, KeyId) : { __type: 'ThrottlingException', message: 'Rate exceeded' };
    response.writeHead(passes ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
}

function answer(operation: string, region: string, key: string): object {
  const id = key.split('/').at(-1) ?? key;
  const Arn = `arn:aws:kms:${region}:${ACCOUNT}:key/${id}`;
  switch (operation) {
    case 'DescribeKey':
      return {
        KeyMetadata: {
          AWSAccountId: ACCOUNT, KeyId: id, Arn, CreationDate: 1_700_000_000, Enabled: true, Description: '', KeyUsage: 'ENCRYPT_DECRYPT', KeyState: 'Enabled',
          Origin: 'AWS_KMS', KeyManager: 'CUSTOMER', KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT', EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
          MultiRegion: true, MultiRegionConfiguration: { MultiRegionKeyType: 'PRIMARY', PrimaryKey: { Arn, Region: region }, ReplicaKeys: [] },
        },
      };
    case 'GetKeyRotationStatus':
      return { KeyId: id, KeyRotationEnabled: true, RotationPeriodInDays: 365 };
    case 'ListAliases':
      return { Aliases: [], Truncated: false };
    case 'ListResourceTags':
      return { Tags: [], Truncated: false };
    case 'GetKeyPolicy':
      return { Policy: '{"Version":"2012-10-17","Statement":[]}', PolicyName: 'default' };
    case 'ListGrants':
      return { Grants: [], Truncated: false };
    default:
      return { __type: 'UnsupportedOperationException', message: operation };
  }
}

if (!isMainThread) serveQuotas();
