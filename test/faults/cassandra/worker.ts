/**
 * One process on the cluster, for the fault tests: `node worker.ts HOME PROFILE ACT …`. It prints a line for each thing
 * that it knows for certain, and goes on until it is done, told `stop` on its input, or killed.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ExecutionOptions, type Host, type QueryOptions, type types } from 'cassandra-driver';
import { openServices, type Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { runCampaign } from '../../../main/rekey/run.ts';
import { Balancing } from '../../../main/systemdb/cassandra/balancing.ts';
import { imageOf, saveUnder, sizeOf } from './content.ts';

const [home = '', profile = '', act = '', ...given] = process.argv.slice(2);
const input = createInterface({ input: process.stdin });
let stopped = false;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function codeOf(error: unknown): string {
  return isAppError(error) ? error.code : String(error);
}

/** `rekey CAMPAIGN`: takes part in it to its end; without one, in each that its input names. */
async function rekey(to: Services, [id]: readonly string[]): Promise<void> {
  if (id !== undefined) return run(to, id);
  for await (const line of input) {
    if (line === 'stop') return;
    await run(to, line);
  }
}

async function run({ cluster }: Services, id: string): Promise<void> {
  const worker = randomUUID();
  say(`worker ${worker}`);
  const state = await runCampaign({
    db: cluster.db,
    keys: cluster.ring,
    id,
    worker,
    onProgress: ({ phase, rewritten, superseded, waiting }) => say(`progress ${phase} ${rewritten + superseded} ${waiting?.code ?? '-'}`),
  });
  say(`ended ${state}`);
}

/**
 * `save LU IDS FIRST SIZE LANES PAUSE`: counts up in the instances 1 to IDS, from FIRST on, with a random pause of up to
 * PAUSE ms after each. One of three saves is of a node that missed the last activation.
 */
async function save({ cluster: { db, ring: keys } }: Services, [lu = '', ids = '', first = '', size = '', lanes = '3', pause = '0']: readonly string[]): Promise<void> {
  input.once('line', () => {
    stopped = true;
  });
  const counters = new Map<string, number>();
  let earlier: string | undefined;
  let askedAt = 0;
  const earlierGeneration = async (): Promise<string | undefined> => {
    if (Date.now() - askedAt > 2_000) {
      askedAt = Date.now();
      earlier = (await db.keys.activations()).filter(({ name }) => name === LUI_KEY_NAME).at(-2)?.description;
    }
    return earlier;
  };
  const lane = async (place: number): Promise<void> => {
    while (!stopped) {
      const id = String(randomInt(Math.ceil((Number(ids) - place) / Number(lanes))) * Number(lanes) + place + 1);
      const counter = (counters.get(id) ?? Number(first)) + 1;
      counters.set(id, counter);
      try {
        const generation = randomInt(3) === 0 ? await earlierGeneration() : undefined;
        await saveUnder({ db, keys }, lu, id, imageOf(counter, size === '-' ? sizeOf(id) : Number(size)), generation);
        say(`saved ${id} ${counter}`);
      } catch (error) {
        say(`failed ${id} ${counter} ${codeOf(error)}`);
        if (!isAppError(error)) throw error;
        await delay(100);
      }
      if (pause !== '0') await delay(randomInt(Number(pause)));
    }
  };
  await Promise.all(Array.from({ length: Number(lanes) }, (_, place) => lane(place)));
}

/** `ahead LU ID MS`: saves once with a clock that jumped ahead. */
async function ahead({ cluster: { db, ring: keys } }: Services, [lu = '', id = '', ms = '']: readonly string[]): Promise<void> {
  const now = Date.now;
  Date.now = () => now() + Number(ms);
  await saveUnder({ db, keys }, lu, id, imageOf(1_000, 0), (await db.keys.activations()).filter(({ name }) => name === LUI_KEY_NAME).at(-2)?.description);
  Date.now = now;
  say(`saved ${id} 1000`);
}

/** `race`: activates at each time (ms since the epoch) that its input names. */
async function race({ activation }: Services): Promise<void> {
  for await (const at of input) {
    if (at === 'stop') return;
    await delay(Number(at) - Date.now());
    try {
      const { description } = await activation.run(`activatekey name='${LUI_KEY_NAME}'`, 'race');
      say(`won ${description}`);
    } catch (error) {
      say(`lost ${codeOf(error)}`);
    }
  }
}

/**
 * Sends everything through one node, while that is up, and counts who answered what is sent to one node alone, as each
 * step of an activation that decides: told at the end as `answered NODE=COUNT …`. What may be repeated, another node
 * answers where that one is slow.
 */
function goThrough(node: string): Map<string, number> {
  // The console's own: it would go round a node that was slow a moment ago.
  const plan = Balancing.prototype.newQueryPlan;
  Balancing.prototype.newQueryPlan = function (keyspace: string, options: ExecutionOptions, callback: (error: Error, hosts: Iterator<Host>) => void): void {
    plan.call(this, keyspace, options, (error, hosts) => {
      const all: Host[] = [];
      for (let next = hosts.next(); next.done !== true; next = hosts.next()) all.push(next.value);
      all.sort((a, b) => Number(b.address === node) - Number(a.address === node));
      callback(error, all[Symbol.iterator]());
    });
  };
  const answers = new Map<string, number>();
  for (const way of ['execute', 'batch'] as const) {
    const send = Client.prototype[way] as (...args: unknown[]) => Promise<types.ResultSet>;
    Client.prototype[way] = async function (this: Client, ...args: unknown[]) {
      const result = await send.apply(this, args);
      const { isIdempotent, host } = args.at(-1) as QueryOptions;
      if (isIdempotent === false && host === undefined) answers.set(result.info.queriedHost, (answers.get(result.info.queriedHost) ?? 0) + 1);
      return result;
    } as typeof Client.prototype.execute & typeof Client.prototype.batch;
  }
  return answers;
}

const ACTS: Readonly<Record<string, (services: Services, given: readonly string[]) => Promise<void>>> = { rekey, save, ahead, race };

const through = process.env['FKC_TEST_THROUGH'];
const answers = through === undefined ? null : goThrough(through);
const services = await openServices({ home, profile });
await services.unlock(null);
say('ready');
await ACTS[act]?.(services, given);
await services.close();
if (answers !== null) say(`answered ${[...answers].map(([node, count]) => `${node}=${count}`).join(' ')}`);
say('end');
process.exit();
