import { randomUUID } from 'node:crypto';
import { type CampaignLimits, DEFAULT_LIMITS } from '../../../main/rekey/campaign.ts';
import { startCampaign } from '../../../main/rekey/control.ts';
import { createCampaign } from '../../../main/rekey/create.ts';
import { planRekey } from '../../../main/rekey/plan.ts';
import { runCampaign } from '../../../main/rekey/run.ts';
import type { Treatment } from '../../../main/rekey/treatment.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { benchKeys, GENERATIONS, type Generation } from './keys.ts';

/** Plans and starts a campaign that moves the LU to `to`. @returns its id */
export async function beginCampaign(db: SystemDb, lu: string, instances: number, to: Generation, limits: CampaignLimits = DEFAULT_LIMITS): Promise<string> {
  const from = GENERATIONS.filter((generation) => generation !== to);
  const plan = planRekey({
    census: from.map((keyDescription) => ({ lu, keyDescription, instances, bytes: instances })),
    generations: GENERATIONS.map((keyDescription) => ({ keyDescription, activated: true, unreadable: null })),
    active: to,
    request: { lus: [lu] },
  });
  const { record } = await createCampaign(db, plan, { limits });
  await startCampaign(db, record.id);
  return record.id;
}

/** Works on a campaign until it ends. @returns the seconds until the last instance was re-encrypted; the proof comes after */
export async function workOn(db: SystemDb, id: string, to: Generation, treatment?: Treatment): Promise<number> {
  const start = performance.now();
  let counting = 0;
  let failures = 0;
  const state = await runCampaign({
    db,
    keys: benchKeys(to),
    id,
    worker: `bench-${randomUUID()}`,
    ...(treatment === undefined ? {} : { treatment }),
    onProgress: ({ phase, failed }) => {
      failures = failed;
      if (phase === 'counting' && counting === 0) counting = performance.now();
    },
  });
  if (state !== 'done' || failures > 0) throw new Error(`The campaign of the bench ended as ${state}, with ${failures} failures.`);
  return ((counting === 0 ? performance.now() : counting) - start) / 1000;
}
