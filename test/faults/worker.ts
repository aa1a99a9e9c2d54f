/**
 * One process that works on a cluster until it is told to stop, or dies at a fail point:
 * `node worker.ts HOME PROFILE ACT [FAIL_POINT [HIT]]` or `node worker.ts HOME PROFILE race FOLDER ROUNDS`. It prints `ready`, then `begin ACT` before and a line after each
 * act that was acknowledged, then `end`.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFailPoint } from '../../main/fail-point.ts';
import { AppError } from '../../main/errors.ts';
import { openServices, type Services } from '../../app/services.ts';
import { passwordOf } from '../../app/password.ts';
import { importChanged, importMany, KEYSTORE_PASSWORD } from './cluster.ts';

const [home = '', profile = '', act = '', place = '', hit = '1'] = process.argv.slice(2);

if (place !== '' && act !== 'race') {
  let left = Number(hit);
  onFailPoint((name) => {
    if (name === place && --left === 0) process.kill(process.pid, 'SIGKILL');
  });
}

const services = await openServices({ home, profile });
await services.unlock(null);

/**
 * Activates once a round against another process that was given the same folder: both are held where all is ready for the
 * compare-and-set, until both are there. A round begins when the file `go-ROUND` is there.
 */
async function race(folder: string, rounds: number): Promise<void> {
  let round = 0;
  onFailPoint((name) => {
    if (name === 'activate:described') meet(folder, round);
  });
  for (; round < rounds; round += 1) {
    while (!existsSync(join(folder, `go-${round}`))) await sleep(1);
    try {
      const { description } = await services.activation.run("activatekey name='masterkey_key_name'", 'race');
      say(`won ${description}`);
    } catch (error) {
      say(error instanceof AppError ? `lost ${error.code}` : `broken ${String(error)}`);
    }
  }
}

/** Blocks this process until two are there, or throws after a while. */
function meet(folder: string, round: number): void {
  writeFileSync(join(folder, `at-${round}-${process.pid}`), '');
  for (let waited = 0; waited < 30_000; waited += 1) {
    if (readdirSync(folder).filter((file) => file.startsWith(`at-${round}-`)).length === 2) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
  throw new Error(`nobody came to round ${round}`);
}

async function activateOnce(to: Services): Promise<void> {
  const { description } = await to.activation.run("activatekey name='masterkey_key_name'", 'fault test');
  say(`activated ${description}`);
}

/** Counts up in one instance: the acknowledged number must never be lost. */
async function saveNext(to: Services, turn: number): Promise<void> {
  const id = String((turn % 20) + 1);
  const { image } = await to.cluster.instances.read('CUSTOMER', id);
  const db = new DatabaseSync(':memory:');
  db.deserialize(image);
  db.prepare('UPDATE customer SET version = version + 1').run();
  const version = Number(db.prepare('SELECT version FROM customer').get()?.['version']);
  await to.cluster.instances.save('CUSTOMER', id, db.serialize());
  db.close();
  say(`saved ${id} ${version}`);
}

const ACTS = {
  activate: () => activateOnce(services),
  save: () => saveNext(services, 0),
  import: async () => {
    say(`imported ${await importMany(services, home)}`);
  },
  rotate: async () => {
    await services.keystore.rotate(profile);
    say('rotated');
  },
  enable: async () => {
    await services.keystore.enable(join(home, 'fabric.keystore'), passwordOf(KEYSTORE_PASSWORD), profile, { passwordFile: join(home, 'password') });
    say('enabled');
  },
  /** Everything in turn, beginning with the kind of act that was given as FAIL_POINT, until killed. */
  everything: async () => {
    let turn = 0;
    const kinds = {
      save: () => saveNext(services, turn),
      activation: () => activateOnce(services),
      rotation: () => ACTS.rotate(),
      import: async () => say(`imported ${await importChanged(services, home)}`),
    };
    const order = Object.keys(kinds) as (keyof typeof kinds)[];
    for (let next = Math.max(0, order.indexOf(place as keyof typeof kinds)); ; next += 1) {
      const kind = order[next % order.length] as keyof typeof kinds;
      for (let times = kind === 'save' ? 10 : 1; times > 0; times -= 1, turn += 1) {
        say(`begin ${kind}`);
        await kinds[kind]();
      }
    }
  },
  idle: async () => undefined,
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

say('ready');
if (act === 'race') await race(place, Number(hit));
else await ACTS[act as keyof typeof ACTS]();
await services.close();
say('end');
