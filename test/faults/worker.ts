/**
 * One process that works on a cluster until it is told to stop, or dies at a fail point:
 * `node worker.ts HOME PROFILE ACT [FAIL_POINT [HIT]]`. It prints `ready`, then a line for each act that was
 * acknowledged, then `end`.
 */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { onFailPoint } from '../../main/fail-point.ts';
import { AppError } from '../../main/errors.ts';
import { openServices, type Services } from '../../app/services.ts';
import { importSample } from './cluster.ts';

const [home = '', profile = '', act = '', place = '', hit = '1'] = process.argv.slice(2);

if (place !== '') {
  let left = Number(hit);
  onFailPoint((name) => {
    if (name === place && --left === 0) process.kill(process.pid, 'SIGKILL');
  });
}

const services = await openServices({ home, profile });
await services.unlock(null);
/** Waits for the common start of a race, then activates once. */
async function round(at: number): Promise<void> {
  while (Date.now() < at) await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())));
  try {
    const { description } = await services.activation.run("activatekey name='masterkey_key_name'", 'race');
    say(`won ${description}`);
  } catch (error) {
    say(error instanceof AppError ? `lost ${error.code}` : `broken ${String(error)}`);
  }
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
    await importSample(services, join(home, 'source.sqlite'));
    say('imported');
  },
  rotate: async () => {
    await services.keystore.rotate(profile);
    say('rotated');
  },
  /** Everything in turn, until killed. */
  everything: async () => {
    for (let turn = 0; ; turn += 1) {
      for (let i = 0; i < 10; i += 1) await saveNext(services, turn * 10 + i);
      await activateOnce(services);
      if (turn % 3 === 0) await services.keystore.rotate(profile);
      await importSample(services, join(home, 'source.sqlite'));
    }
  },
  idle: async () => undefined,
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

say('ready');
if (act.startsWith('round:')) await round(Number(act.slice('round:'.length)));
else await ACTS[act as keyof typeof ACTS]();
await services.close();
say('end');
