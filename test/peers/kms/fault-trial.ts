import { inspect } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { onFailPoint } from '../../../main/fail-point.ts';
import type { KmsProvider } from '../../../main/kms/provider.ts';
import { activateKey } from '../../../main/masterkey/activate.ts';
import { findOrphans } from '../../../main/masterkey/orphans.ts';
import type { KmsAccess } from '../../../main/masterkey/protectors.ts';
import { LUI_KEY_NAME, type Generator, type Store } from '../../../main/masterkey/types.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { openTestCluster, type TestCluster } from '../../masterkey/cluster-fixture.ts';

const KNOWN = 'known key of the tests, 32 bytes';

/** For all that is not waited for: a loaded machine is slow. */
const PATIENT = { timeoutMs: 20_000, attempts: 2, backoffMs: 1, longestBackoffMs: 5, breaker: { failures: 50, pauseMs: 1, longestPauseMs: 1 } } as const;
const QUICK = { ...PATIENT, timeoutMs: 700, attempts: 1 } as const;

export type Limits = typeof PATIENT | typeof QUICK;

/** Opens a KMS as a process of its own does. */
export type OpenKms = (limits: Limits) => KmsProvider;

/** A node that activates and goes live at a KMS which does something wrong. */
export interface FaultTrial {
  readonly cluster: TestCluster;
  access(provider: KmsProvider): KmsAccess;
  /** Waits for slow machines. */
  steady(open: OpenKms): KmsAccess;
  /** Waits for nobody. */
  hasty(open: OpenKms): KmsAccess;
  /** @returns the new generation's description */
  activate(kms: KmsAccess, store: Store): Promise<string>;
  /** Expects that an activation at a KMS with `fault` ends with `code`, and that it left everything as it was. */
  refused(open: OpenKms, store: Store, fault: () => void, code: RegExp | string): Promise<void>;
  /** Expects that what the KMS wrapped is left out with `code` at going live, and that everything else is there. */
  leftOut(open: OpenKms, store: Store, fault: () => void, code: RegExp | string): Promise<void>;
}

/** @param heal ends every fault; @param secrets are in no failure, whatever it was */
export function faultTrial(heal: () => void, secrets: () => readonly string[]): FaultTrial {
  const providers: KmsProvider[] = [];
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await openTestCluster();
    heal();
  });

  afterEach(async () => {
    onFailPoint(null);
    for (const provider of providers.splice(0)) provider.close();
    await cluster.close();
  });

  const access = (provider: KmsProvider): KmsAccess => {
    providers.push(provider);
    return { registry: { provider: () => Promise.resolve(provider) }, cluster: 'tests' };
  };
  const steady = (open: OpenKms): KmsAccess => access(open(PATIENT));
  const hasty = (open: OpenKms): KmsAccess => access(open(QUICK));
  const under = (open: OpenKms, code: RegExp | string): KmsAccess => (new RegExp(code).test('KMS_TIMEOUT') ? hasty(open) : steady(open));

  const activate = async (kms: KmsAccess, store: Store): Promise<string> => {
    const generator: Generator = store === 'AWS_KMS' ? 'AWS_KMS' : 'Java_AES';
    const protection = await cluster.protection(false);
    const generate = (): SecretBytes => SecretBytes.copyOf(Buffer.from(KNOWN));
    return (await activateKey({ db: cluster.db, protection, kms, generate }, { name: LUI_KEY_NAME, generator, store, actor: 'tests', reason: null })).description;
  };

  return {
    get cluster() {
      return cluster;
    },
    access,
    steady,
    hasty,
    activate,
    async refused(open, store, fault, code) {
      const before = await cluster.goLive({ kms: steady(open) });
      const description = await activate(steady(open), store);
      const keys = await cluster.db.keys.list();
      const stripes = await cluster.db.stripes.descriptions();
      fault();
      const error: unknown = await activate(under(open, code), store).then(
        () => null,
        (failure: unknown) => failure,
      );
      if (!isAppError(error)) throw new Error('It was not refused, or not with a code.', { cause: error });
      heal();
      expect(error.code).toMatch(new RegExp(`^(${new RegExp(code).source})$`));
      const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${error.stack ?? ''}`;
      for (const secret of [KNOWN, Buffer.from(KNOWN).toString('base64'), Buffer.from(KNOWN).toString('hex'), ...secrets()]) expect(shown).not.toContain(secret);
      expect((await cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
      expect(await cluster.db.keys.list()).toEqual(keys);
      expect(await cluster.db.stripes.descriptions()).toEqual(stripes);
      expect(await findOrphans(cluster.db)).toEqual([]);
      expect(before.failures.size).toBe(0);
      const after = await cluster.goLive({ kms: steady(open) });
      expect([...after.failures]).toEqual([]);
      expect((await after.active()).description).toBe(description);
    },
    async leftOut(open, store, fault, code) {
      const running = await cluster.goLive({ kms: steady(open) });
      const internal = (await running.active()).description;
      const description = await activate(steady(open), store);
      await running.get(description);
      fault();
      const ring = await cluster.goLive({ kms: under(open, code) });
      expect(ring.failures.get(description)?.code).toMatch(new RegExp(`^(${new RegExp(code).source})$`));
      expect(ring.holds(internal)).toBe(true);
      expect(ring.holds(description)).toBe(false);
      // A process that ran before goes on with what it holds.
      expect((await running.active()).description).toBe(description);
      expect((await cluster.db.keys.active(LUI_KEY_NAME))?.description).toBe(description);
      heal();
      await ring.refresh(true);
      expect(ring.holds(description)).toBe(true);
    },
  };
}
