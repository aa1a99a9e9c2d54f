import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addNode } from '../../app/services/profile-nodes.ts';
import { parseConfig, valueOf } from '../../main/config/parse.ts';
import { createKey } from '../peers/aws/aws.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { awsSection, line, LU, Node, setAwsVariables } from '../peers/kms/node.ts';

const WORKER = fileURLToPath(new URL('kms-replace-worker.ts', import.meta.url));
const aws = useAws(await installLocalStack());
let node: Node;
let second: string;
let oldKey: string;

beforeAll(setAwsVariables);

/** Two nodes; both names under the old key; an instance under it. */
beforeEach(async () => {
  node = new Node();
  await node.make();
  oldKey = await createKey(aws.url);
  node.configure(awsSection(oldKey));
  second = join(node.home, 'second.ini');
  writeFileSync(second, readFileSync(node.ini));
  await node.restart();
  await addNode(node.services.profiles, 'mine', 'node-2', second);
  await node.services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await node.services.activation.run(line('AWS_KMS'), null);
  await node.services.activation.run(line('AWS_KMS', 'k2_hash_key'), null);
  await node.save('before');
  await node.services.close();
});

afterEach(() => node.remove());

const keyIn = (file: string): string | null => valueOf(parseConfig(readFileSync(file)), 'encryption_aws_kms', 'CUSTOMER_KEY_ID');

/** Each place, and how often it is passed before the end comes. */
const PLACES: readonly (readonly [place: string, hit: number])[] = [
  ['config:temp-written', 1],
  ['config:backup-made', 1],
  ['config:renamed', 1],
  ['config:temp-written', 3],
  ['config:renamed', 2],
  ['kms-replace:configured', 1],
  ['activate:wrapped', 1],
  ['activate:stored', 1],
  ['activate:described', 1],
  ['activate:active', 1],
  ['kms-replace:activated', 1],
  ['activate:verified', 2],
  ['activate:active', 2],
  ['kms-replace:activated', 2],
];

describe('a replacement that is killed', () => {
  it.each(PLACES)('at %s, the %i. time: all is readable, and another run completes it', async (place, hit) => {
    const newKey = await createKey(aws.url);
    const killed = await promisify(execFile)(process.execPath, [WORKER, node.home, 'mine', newKey, place, String(hit)]).then(
      ({ stdout }) => stdout,
      (error: { signal: string | null; stderr: string }) => (error.signal === 'SIGKILL' ? 'killed' : error.stderr),
    );
    expect(killed).toBe('killed');
    for (const file of [node.ini, second]) expect([oldKey, newKey]).toContain(keyIn(file));

    const services = await node.restart();
    expect((await services.keys.verify()).unreadable).toEqual([]);
    await services.cluster.instances.read(LU, 'before');
    await node.save('between');

    await services.replacement.run({ provider: 'AWS_KMS', keyId: newKey }, 'mine', null);
    for (const file of [node.ini, second]) expect(keyIn(file)).toBe(newKey);
    const { generations } = await keysNow();
    expect(generations).toEqual([newKey, newKey]);
    expect((await services.keys.verify()).unreadable).toEqual([]);
    for (const id of ['before', 'between']) await services.cluster.instances.read(LU, id);
    expect((await services.replacement.plan({ provider: 'AWS_KMS', keyId: newKey })).alreadySo).toBe(true);
    expect((await services.cluster.trail.verify()).intact).toBe(true);
  });

  /** The KMS keys of the active generations. */
  async function keysNow(): Promise<{ generations: (string | undefined)[] }> {
    const { keys } = node.services.cluster.db;
    const all = new Map((await keys.list()).map((generation) => [generation.description, generation.wrapping['keyId']]));
    const active = await Promise.all(['masterkey_key_name', 'k2_hash_key'].map((name) => keys.active(name)));
    return { generations: active.map((activation) => all.get(activation?.description ?? '')) };
  }
});
