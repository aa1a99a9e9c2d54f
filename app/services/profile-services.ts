import type { Failure } from '../../main/errors.ts';
import type { ActivationProgress } from '../../main/masterkey/activate.ts';
import type { GenerateKey } from '../../main/masterkey/generators.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import { failureOf, type ErrorLog } from '../error-log.ts';
import type { Keychain } from '../keychain.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { Activation } from './activation.ts';
import { GivenAwsCredentials } from './aws-credentials.ts';
import { Censuses } from './census.ts';
import { Cluster } from './cluster.ts';
import { ClusterMap } from './cluster-map.ts';
import { Configs } from './config.ts';
import { ConfigPlans } from './config-plans.ts';
import { FolderScans } from './folder-scan.ts';
import { DataStore } from './data-store.ts';
import { Jobs } from './jobs.ts';
import { KeyList } from './key-list.ts';
import { KeyStoreActs } from './keystore.ts';
import { KmsReplacement } from './kms-replace.ts';
import { KmsKeyActs } from './kms-acts.ts';
import { KmsCredentials } from './kms-credentials.ts';
import { KmsKeys } from './kms-keys.ts';
import { KmsWatch } from './kms-watch.ts';
import { OverviewReport } from './overview.ts';
import { RegionAudits } from './regions.ts';
import { Rekeys } from './rekey.ts';
import { RekeyWorkers } from './rekey-workers.ts';

/** Everything that works on one profile. Replaced as a whole when another profile is chosen. */
export interface ProfileServices {
  readonly cluster: Cluster;
  readonly map: ClusterMap;
  readonly jobs: Jobs;
  readonly censuses: Censuses;
  readonly keys: KeyList;
  readonly data: DataStore;
  readonly activation: Activation;
  readonly keystore: KeyStoreActs;
  readonly configs: Configs;
  readonly configPlans: ConfigPlans;
  readonly scans: FolderScans;
  readonly kmsWatch: KmsWatch;
  readonly kmsKeys: KmsKeys;
  readonly kmsActs: KmsKeyActs;
  readonly kmsCredentials: KmsCredentials;
  readonly overview: OverviewReport;
  readonly rekeys: Rekeys;
  readonly regions: RegionAudits;
  readonly replacement: KmsReplacement;
}

/** What the services of every profile share. */
export interface Surroundings {
  readonly profiles: Profiles;
  readonly emit: (event: ConsoleEvent) => void;
  readonly log: ErrorLog;
  /** How far the clock stands from now, ms: the demo's history is made in the past. */
  readonly clock: { offset: number };
  readonly generate: GenerateKey | undefined;
  /** Null where this host takes no credentials. */
  readonly keychain: Keychain | null;
}

/**
 * Opens the profile's system database and puts the services on it together. Takes `databasePassword` over.
 * @throws AppError `DATABASE_*`
 */
export async function openProfileServices(profile: Profile, around: Surroundings, databasePassword: SecretBytes | null = null): Promise<ProfileServices> {
  const { profiles, emit, log, clock, generate, keychain } = around;
  const onActivation = (progress: ActivationProgress): void => {
    emit({ type: 'activation', ...progress, stripes: progress.stripes === null ? null : { ...progress.stripes } });
  };
  const cluster = await Cluster.open({
    profile,
    credentials: await GivenAwsCredentials.open(profile.name, profiles.sealedFile(profile.name), keychain),
    databasePassword,
    onActivation,
    readProfile: () => profiles.find(profile.name),
    now: () => Date.now() + clock.offset,
    ...(generate === undefined ? {} : { generate }),
  });
  const explain = (where: string, error: unknown): Failure => failureOf(log, where, error);
  const jobs = new Jobs(emit, explain);
  const censuses = new Censuses(cluster, jobs);
  const keys = new KeyList(cluster, censuses);
  const data = new DataStore(cluster, jobs, censuses);
  const map = new ClusterMap(cluster);
  const kmsWatch = new KmsWatch(cluster);
  const kmsKeys = new KmsKeys(cluster, censuses, kmsWatch, profiles);
  const activation = new Activation(cluster, censuses, map, profiles, onActivation);
  const configs = new Configs(cluster, profiles);
  return {
    cluster,
    map,
    jobs,
    censuses,
    keys,
    data,
    activation,
    keystore: new KeyStoreActs(cluster, censuses, profiles, onActivation),
    configs,
    configPlans: new ConfigPlans(cluster, censuses, configs, profiles),
    scans: new FolderScans(jobs, explain),
    kmsWatch,
    kmsKeys,
    kmsActs: new KmsKeyActs(cluster, censuses, kmsKeys),
    kmsCredentials: new KmsCredentials(cluster, kmsKeys, profiles, emit),
    overview: new OverviewReport(cluster, keys, censuses, map, kmsWatch),
    regions: new RegionAudits(cluster, censuses, jobs, profiles),
    replacement: new KmsReplacement({ cluster, censuses, configs, profiles, activation, emit }),
    rekeys: new Rekeys(cluster, censuses, new RekeyWorkers(cluster, emit, explain)),
  };
}
