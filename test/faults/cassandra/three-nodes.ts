import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Profiles } from '../../../app/profiles.ts';
import { openServices, type Services, type ServicesOptions } from '../../../app/services.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { type Campaign, DEFAULT_LIMITS, type CampaignLimits } from '../../../main/rekey/campaign.ts';
import { startCampaign } from '../../../main/rekey/control.ts';
import { createCampaign } from '../../../main/rekey/create.ts';
import { planRekey } from '../../../main/rekey/plan.ts';
import { surveyGenerations } from '../../../main/rekey/survey.ts';
import { startCassandra, type CassandraCluster } from '../../peers/cassandra/cassandra.ts';

export const HOME_PROFILE = 'faults';
/** Three replicas of each instance, and of every key. */
export const LU = 'CUSTOMER';
/** Appended to the keyspaces' names. */
export const CLUSTER_ID = 'f';
const SETTINGS = { clusterId: CLUSTER_ID, replication: { class: 'SimpleStrategy', replication_factor: '3' } };

/** Three real nodes with a system database on them, and a home whose profile leads there. */
export interface ThreeNodes {
  readonly nodes: CassandraCluster;
  readonly home: string;
  /** Where the nodes, and all processes, keep their files. */
  readonly temporary: string;
  /** Opens the profile and goes live. */
  open(options?: Partial<ServicesOptions>): Promise<Services>;
  stop(): Promise<void>;
}

export async function startThreeNodes(): Promise<ThreeNodes> {
  const before = process.env['TMPDIR'];
  const temporary = await mkdtemp(join(tmpdir(), 'fkc-three-nodes-'));
  process.env['TMPDIR'] = temporary;
  const nodes = await startCassandra({ nodes: 3, durable: true });
  const home = join(temporary, 'home');
  const profiles = new Profiles(home);
  const passwordFile = join(temporary, 'password');
  await writeFile(passwordFile, 'fault-test-password\n', { mode: 0o600 });
  await profiles.create({
    name: HOME_PROFILE,
    cassandra: { contactPoints: [...nodes.contactPoints], ...SETTINGS },
    keystore: { file: join(temporary, 'fabric.keystore'), passwordFile },
  });
  const open = async (options: Partial<ServicesOptions> = {}): Promise<Services> => {
    const services = await openServices({ home, profile: HOME_PROFILE, ...options });
    await services.unlock(null);
    return services;
  };
  return {
    nodes,
    home,
    temporary,
    open,
    async stop() {
      await nodes.stop();
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await rm(temporary, { recursive: true, force: true });
    },
  };
}

export async function activate({ activation }: Services): Promise<string> {
  return (await activation.run(`activatekey name='${LUI_KEY_NAME}'`, 'fault test')).description;
}

/** A campaign over everything in `lu` that is not under the active generation, set going. */
export async function startedCampaign({ cluster: { db, ring } }: Services, lu: string, limits: Partial<CampaignLimits> = {}): Promise<Campaign> {
  const census = await db.instances.census();
  const plan = planRekey({
    census,
    generations: await surveyGenerations(db, ring, census),
    active: (await ring.active()).description,
    request: { lus: [lu] },
  });
  const campaign = await createCampaign(db, plan, { limits: { ...DEFAULT_LIMITS, ...limits } });
  await startCampaign(db, campaign.record.id);
  return campaign;
}
