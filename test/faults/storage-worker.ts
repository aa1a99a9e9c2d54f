/**
 * One process on a cluster whose disk fails: `node storage-worker.ts HOME PROFILE ACT FOLDER FAULT`. It runs inside of
 * mounts of its own, FOLDER being a small disk. It prints one JSON document: the code of ACT while the fault lasted,
 * and what is true afterwards.
 *
 * FAULT: `full:N` leaves N KiB on the disk; `read-only` mounts it so.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../../app/services.ts';
import { openServices } from '../../app/services.ts';
import { isAppError } from '../../main/errors.ts';
import { importSample } from './cluster.ts';
import { standing } from './standing.ts';

const [home = '', profile = '', act = '', folder = '', fault = ''] = process.argv.slice(2);
const KIB = 1024;

/** Takes all of the disk but `left` KiB. @returns what gives it back */
function fill(left: number): () => void {
  const reserve = join(folder, 'reserve');
  if (left > 0) {
    const held = openSync(reserve, 'w');
    writeSync(held, Buffer.alloc(left * KIB));
    closeSync(held);
  }
  const file = join(folder, 'fill');
  const handle = openSync(file, 'w');
  for (let size = 256 * KIB; size >= KIB; size /= 4) {
    try {
      for (;;) if (writeSync(handle, Buffer.alloc(size)) === 0) break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(handle);
  rmSync(reserve, { force: true });
  return () => rmSync(file);
}

function readOnly(): () => void {
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  return () => void execFileSync('mount', ['-o', 'remount,rw', folder]);
}

const ACTS: Readonly<Record<string, (services: Services) => Promise<unknown>>> = {
  activate: (services) => services.activation.run("activatekey name='masterkey_key_name'", 'on a failing disk'),
  import: (services) => importSample(services, join(home, 'source.sqlite')),
  save: async (services) => {
    for (let id = 1; id <= 40; id += 1) {
      const { image } = await services.cluster.instances.read('CUSTOMER', String(id));
      await services.cluster.instances.save('CUSTOMER', String(id), image);
    }
  },
};

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    if (!isAppError(error)) return `unforeseen: ${String(error)}`;
    return error.message === '' || error.remedy === '' ? `${error.code} without a word` : error.code;
  }
}

const begin = fault === 'read-only' ? readOnly : () => fill(Number(fault.slice('full:'.length)));
let code: string;
if (act === 'start') {
  const end = begin();
  code = await codeOf(async () => (await openServices({ home, profile })).unlock(null));
  end();
} else {
  const services = await openServices({ home, profile });
  await services.unlock(null);
  const end = begin();
  code = await codeOf(() => ACTS[act]?.(services) ?? Promise.reject(new Error(`unknown act ${act}`)));
  end();
  // The very same process goes on, as a window would.
  await standing(services);
  await services.close();
}
const services = await openServices({ home, profile });
await services.unlock(null);
const before = await standing(services);
const again = await codeOf(() => ACTS['activate']?.(services) ?? Promise.resolve());
process.stdout.write(`${JSON.stringify({ code, before, again, after: await standing(services) })}\n`);
await services.close();
