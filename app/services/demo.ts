import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../main/errors.ts';
import { parseLuDefinition, type LuDefinition } from '../../main/lu/definition.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import type { Profile, Profiles } from '../profiles.ts';
import type { Services } from '../services.ts';
import { demoNodes } from './demo-nodes.ts';

export const DEMO_PROFILE = 'demo';
/** How far set-up has come, so that a start that was cut off goes on. */
const STEP = 'demo.step';
const DAY_MS = 24 * 60 * 60_000;
/** How long ago the three generations of the demo's history were activated. */
const DAYS_AGO = [75, 24, 3] as const;
/** Where the demo's clock stands at its first going live, as an offset in ms. */
export const DEMO_START = -DAYS_AGO[0] * DAY_MS;

interface Sample {
  readonly definition: LuDefinition;
  readonly source: string;
}

/** The profile of the embedded demo cluster, made if missing. */
export async function demoProfile(profiles: Profiles, home: string): Promise<Profile> {
  const found = await profiles.find(DEMO_PROFILE);
  if (found !== null) return found;
  const made = profiles.create({ name: DEMO_PROFILE, sqlite: join(home, 'demo', 'system.sqlite'), demo: true, lus: await demoLus(), nodes: await demoNodes(join(home, 'demo')) });
  return made.catch((error: unknown) => {
    // Two first starts at once: the other was quicker.
    if (error instanceof AppError && error.code === 'PROFILE_EXISTS') return profiles.get(DEMO_PROFILE);
    throw error;
  });
}

/** The LUs of the sample data, for a profile that is filled with them. */
export async function demoLus(): Promise<Profile['lus']> {
  const { sakila, chinook } = await samples();
  return { [sakila.definition.lu]: sakila.definition, [chinook.definition.lu]: chinook.definition };
}

/** Whether the demo's data and history are complete. */
export async function demoReady(services: Services): Promise<boolean> {
  return (await services.cluster.db.settings.get(STEP)) === 'done';
}

/**
 * Fills the demo cluster: three generations, each with data that was saved under it. Set-up runs on a clock that
 * stands in the past, so that the timeline has months to show; every reason says "demo history". Resumable at each step.
 */
export async function prepareDemo(services: Services, clock: { offset: number }): Promise<void> {
  const { cluster, data, activation } = services;
  const { sakila, chinook } = await samples();
  const settings = cluster.db.settings;
  const [first, second, third] = DAYS_AGO;
  const steps: readonly (readonly [string, number, () => Promise<unknown>])[] = [
    ['sakila', first, () => data.import(sakila.definition, sakila.source, { title: 'Import and encrypt Sakila customers' })],
    ['second-key', second, () => activation.run(`activatekey name='${LUI_KEY_NAME}'`, 'demo history: quarterly rotation')],
    ['chinook', second - 1, () => data.import(chinook.definition, chinook.source, { title: 'Import and encrypt Chinook customers' })],
    ['saved-since', second - 2, () => saveAgain(services, sakila.definition.lu, (id) => Number(id) % 3 === 0)],
    ['third-key', third, () => activation.run(`activatekey name='${LUI_KEY_NAME}'`, 'demo history: rotation after an audit')],
    ['saved-lately', third - 1, () => saveAgain(services, sakila.definition.lu, (id) => Number(id) % 7 === 0)],
    ['counted', 0, () => services.censuses.renewIfOlderThan(0)],
  ];
  const reached = await settings.get(STEP);
  if (reached === 'done') return;
  if (reached === null && (await cluster.db.instances.lus()).some((lu) => lu !== sakila.definition.lu)) {
    throw new AppError(
      'PROFILE_INVALID',
      'This system database holds data already: the sample data of a demo were not put among them.',
      'Make a profile without --demo for it, or give the demo a cluster_id of its own (--suffix).',
    );
  }
  let from = steps.findIndex(([name]) => name === reached) + 1;
  try {
    for (; from < steps.length; from += 1) {
      const [name, daysAgo, act] = steps[from] ?? ['', 0, async () => undefined];
      clock.offset = -daysAgo * DAY_MS;
      await act();
      await settings.set(STEP, name);
    }
    await settings.set(STEP, 'done');
  } finally {
    clock.offset = 0;
  }
}

/** Reads and saves instances, as the platform does when an entity is synced: they move under the active generation. */
async function saveAgain(services: Services, lu: string, chosen: (id: string) => boolean): Promise<void> {
  const { cluster } = services;
  let after: string | undefined;
  for (;;) {
    const page = await cluster.instances.list(lu, { limit: 200, ...(after === undefined ? {} : { after }) });
    for (const { id } of page.filter((info) => chosen(info.id))) {
      const { image } = await cluster.instances.read(lu, id);
      await cluster.instances.save(lu, id, image);
      image.fill(0);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < 200) return;
    after = last.id;
  }
}

async function samples(): Promise<{ sakila: Sample; chinook: Sample }> {
  const folder = sampleFolder();
  const read = async (file: string): Promise<LuDefinition> =>
    parseLuDefinition(await readFile(join(folder, file), 'utf8'), join(folder, file));
  return {
    sakila: { definition: await read('sakila.lu.json'), source: join(folder, 'sakila') },
    chinook: { definition: await read('chinook.lu.json'), source: join(folder, 'chinook', 'Chinook_Sqlite.sqlite') },
  };
}

/** `assets/sample` lies two folders up in the checkout and in the built app alike. */
function sampleFolder(): string {
  for (const up of ['../../assets/sample', '../assets/sample', '../../../assets/sample']) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new AppError('FILE_NOT_FOUND', 'The sample data are not beside the program, so the demo cluster can not be made.', 'Install the console again, or create a profile of your own.');
}
