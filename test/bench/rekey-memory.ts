import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beginCampaign } from './cluster/campaign.ts';
import { fill } from './cluster/fill.ts';
import { startBenchNode, type BenchNode } from './cluster/node.ts';
import { productNodeFlags } from './cluster/product-node.ts';
import type { BenchRow } from './row.ts';

const WORKER = fileURLToPath(new URL('cluster/worker.ts', import.meta.url));
const FEW = 10_000;
const MANY = 1_000_000;
const BYTES = 256;
const GOAL = 1.2;

/** The most memory that a worker ever holds over a large campaign against a small one. Takes some ten minutes. */
export async function rekeyMemoryBench(): Promise<BenchRow[]> {
  const node = await startBenchNode();
  try {
    await fill(node, 'FEW', FEW, BYTES, 'bench-a');
    const few = await mostMemory(node, 'FEW', FEW);
    await fill(node, 'MANY', MANY, BYTES, 'bench-a');
    const many = await mostMemory(node, 'MANY', MANY);
    const ratio = many / few;
    return [{ name: 'memory of a campaign over 1,000,000 instances against 10,000', ratio, goal: GOAL, met: ratio <= GOAL, bound: `the runtime, the driver and some pages (${Math.round(few / 1024)} and ${Math.round(many / 1024)} MiB)` }];
  } finally {
    await node.stop();
  }
}

async function mostMemory({ db, contactPoint }: BenchNode, lu: string, instances: number): Promise<number> {
  const campaign = await beginCampaign(db, lu, instances, 'bench-b');
  const { stdout } = await promisify(execFile)(process.execPath, [...productNodeFlags(), WORKER, contactPoint, campaign, 'bench-b']);
  return Number(stdout);
}
