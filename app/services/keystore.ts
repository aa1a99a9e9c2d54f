import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { AppError } from '../../main/errors.ts';
import { activateKey, type ActivationProgress } from '../../main/masterkey/activate.ts';
import { generationsOf } from '../../main/masterkey/generations.ts';
import { keystoreEnabled } from '../../main/masterkey/protection.ts';
import { isKmsWrapped } from '../../main/masterkey/unwrap.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { BlastRadius } from '../contract/settings.ts';
import { wholePath } from '../home.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { openOrCreate } from './keystore-opening.ts';

/** The protection key's own acts: turning the KeyStore on, rotating the protection key. */
export class KeyStoreActs {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #profiles: Profiles;
  readonly #onProgress: (progress: ActivationProgress) => void;

  constructor(cluster: Cluster, censuses: Censuses, profiles: Profiles, onProgress: (progress: ActivationProgress) => void) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#profiles = profiles;
    this.#onProgress = onProgress;
  }

  /** @throws AppError `KEYSTORE_ALREADY_ENABLED` */
  async planEnable(typed: string): Promise<BlastRadius> {
    assertInternal(this.#cluster.profile);
    const file = wholePath(typed);
    const { striped: names, byKms } = await this.#activeNames();
    return {
      ...(await this.#touched()),
      steps: [
        `Open "${file}", or make it (PKCS12, mode 0600) if there is none`,
        'Take its entry "masterkey_key_name" as protection key, or make a 256-bit one',
        'Record for the whole cluster that the KeyStore is on: from then on no node goes live without it',
        ...(names.length === 0 ? [] : [`Activate a new generation of ${names.join(' and ')} under it`]),
        ...(byKms.length === 0 ? [] : [`Leave ${byKms.join(' and ')} as it is: a KMS wraps it, not the protection key`]),
      ],
      wayBack: 'There is no way back: once on, the KeyStore can not be turned off. Older generations stay readable.',
      confirm: this.#cluster.profile.name,
      warnings: ['Copy the KeyStore file to every node, and keep its password where the operators find it: without both, nothing saved from now on can be read.'],
    };
  }

  /**
   * Turns the KeyStore on and regenerates every active key under it. Takes `password` over.
   * @throws AppError `CONFIRMATION_MISMATCH`, `KEYSTORE_*`
   */
  async enable(typed: string, password: SecretBytes, confirm: string, source: { passwordFile?: string } = {}): Promise<{ description: string }> {
    const cluster = this.#cluster;
    const file = wholePath(typed);
    try {
      return await cluster.guarded('keystore.enable', file, {}, async (note) => {
        assertInternal(cluster.profile);
        assertConfirmed(confirm, cluster.profile.name);
        // Read anew: another process may have added to the profile, or turned a KeyStore on, since this one opened it.
        const profile = await this.#profiles.get(cluster.profile.name);
        assertInternal(profile);
        const mayCreate = !(await keystoreEnabled(cluster.db));
        (await openOrCreate(file, password.clone(), mayCreate)).dispose();
        await this.#goLiveUnder(profile, { ...profile, keystore: { file, ...source } }, password);
        const { description } = await cluster.ring.active(LUI_KEY_NAME);
        note({ description, protectionKey: await this.#currentId() });
        return { description };
      });
    } finally {
      password.dispose();
    }
  }

  async planRotate(): Promise<BlastRadius> {
    const keystore = this.#cluster.ring.protection.kind === 'keystore';
    const { striped: names, byKms } = await this.#activeNames();
    return {
      ...(await this.#touched()),
      steps: [
        'Make a new 256-bit protection key',
        keystore
          ? 'Write it into the KeyStore as the current one; the old one stays in the history, under the key description of every generation that it wraps'
          : 'Write it into the system database as the current one; the old one is kept',
        ...(names.length === 0 ? [] : [`Activate a new generation of ${names.join(' and ')} under it`]),
        ...(byKms.length === 0 ? [] : [`Leave ${byKms.join(' and ')} as it is: a KMS wraps it, not the protection key`]),
      ],
      wayBack: 'Nothing becomes unreadable: the old protection key is kept for the generations that it wraps. A rotation is not undone; rotate again for yet another key.',
      confirm: this.#cluster.profile.name,
      warnings: keystore ? ['Copy the changed KeyStore file to every other node: nodes with the older copy can not read what is saved from now on.'] : [],
    };
  }

  /** @throws AppError `CONFIRMATION_MISMATCH`, `LOCKED`, `KEYSTORE_*` */
  async rotate(confirm: string): Promise<{ fingerprint: string; description: string }> {
    const cluster = this.#cluster;
    return cluster.guarded('keystore.rotate-protection', cluster.profile.name, {}, async (note) => {
      assertConfirmed(confirm, cluster.profile.name);
      const { db, ring, actor, now, generate } = cluster;
      const { previous, id } = await ring.protection.rotate(await db.keys.list());
      note({ previous, protectionKey: id });
      for (const name of (await this.#activeNames()).striped) {
        await activateKey(
          { ...ring.activation, now, onProgress: this.#onProgress, ...(generate === undefined ? {} : { generate }) },
          { name, generator: 'Java_AES', store: 'Stripe_AES', actor, reason: 'protection key rotated' },
        );
      }
      const description = (await db.keys.active(LUI_KEY_NAME))?.description ?? '';
      note({ description });
      return { fingerprint: id, description };
    });
  }

  /**
   * The profile is saved first: after a crash the next start asks for this KeyStore's password and completes the turn,
   * instead of finding a cluster that needs a KeyStore which no profile names.
   */
  async #goLiveUnder(before: Profile, profile: Profile, password: SecretBytes): Promise<void> {
    await this.#profiles.save(profile);
    try {
      await this.#cluster.reopen(profile, password.clone());
    } catch (error) {
      if (!(await keystoreEnabled(this.#cluster.db))) await this.#profiles.save(before);
      throw error;
    }
  }

  async #touched(): Promise<Pick<BlastRadius, 'generations' | 'instances' | 'census'>> {
    const census = await this.#censuses.standing();
    return {
      generations: (await this.#cluster.db.keys.activations()).length,
      instances: census.total,
      census: censusState(census),
    };
  }

  /** Names whose active generation the protection key wraps, and those whose a KMS does. */
  async #activeNames(): Promise<{ striped: string[]; byKms: string[] }> {
    const { keys } = this.#cluster.db;
    const active = generationsOf(await keys.list(), await keys.activations()).filter(({ state }) => state === 'active');
    const names = (kms: boolean): string[] => active.filter((generation) => isKmsWrapped(generation) === kms).map(({ name }) => name);
    return { striped: names(false), byKms: names(true) };
  }

  async #currentId(): Promise<string> {
    const current = await this.#cluster.ring.protection.current();
    try {
      return fingerprintOf(current.key);
    } finally {
      current.key.dispose();
    }
  }
}

/** @throws AppError `KEYSTORE_ALREADY_ENABLED` */
function assertInternal(profile: Profile): void {
  if (profile.keystore === null) return;
  throw new AppError(
    'KEYSTORE_ALREADY_ENABLED',
    'The KeyStore of this profile is on already. Nothing was changed.',
    'Open the profile again if another process turned it on just now. To use another protection key, rotate it: fkc keystore rotate-protection',
  );
}

/** @throws AppError `CONFIRMATION_MISMATCH` */
export function assertConfirmed(typed: string, expected: string): void {
  if (typed === expected) return;
  throw new AppError('CONFIRMATION_MISMATCH', 'What was typed is not the name asked for. Nothing was done.', `Type "${expected}" to confirm.`);
}
