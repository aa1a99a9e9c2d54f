import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import type { KmsActs } from '../../main/kms/acts.ts';
import { type KmsProvider, MASTER_KEY_BYTES } from '../../main/kms/provider.ts';
import { codeOf, CONTEXT, type KmsSubject, wrapNew } from './kms-subject.ts';

/** The longest window of all providers. */
const DAYS = 30;

/** Each act that a provider has does what it says; what it lacks is not tried. */
export function kmsActsConformance(subject: KmsSubject): void {
  /** A key of its own for a test that changes it. */
  async function withKey(body: (acts: KmsActs, keyId: string, provider: KmsProvider) => Promise<void>): Promise<void> {
    const provider = await subject.opened.another();
    try {
      const { keyId } = await wrapNew(provider);
      await body(provider.acts, keyId, provider);
    } finally {
      provider.close();
    }
  }

  describe('acts on keys', () => {
    it('lists and describes the key that wraps', async () => {
      await withKey(async ({ list, describe: describeKey }, keyId) => {
        const listed: string[] = [];
        if (list !== undefined) for await (const key of list()) listed.push(key.keyId);
        if (list !== undefined) expect(listed).toContain(keyId);
        const facts = await describeKey?.(keyId);
        if (facts === undefined) return;
        expect(facts).toMatchObject({ keyId, state: 'enabled', canWrap: true, deletionAt: null });
        expect(facts.acts).not.toContain('enable');
      });
    });

    it('disables and enables: a disabled key neither wraps nor opens', async () => {
      await withKey(async ({ disable, enable, describe: describeKey }, keyId, provider) => {
        if (disable === undefined || enable === undefined) return;
        const wrapped = await wrapNew(provider);
        await disable(keyId);
        expect((await describeKey?.(keyId))?.state ?? 'disabled').toBe('disabled');
        expect((await describeKey?.(keyId))?.acts ?? ['enable']).toContain('enable');
        expect(await codeOf(wrapNew(provider))).toBe('KMS_KEY_DISABLED');
        expect(await codeOf(provider.unwrap(wrapped, CONTEXT))).toBe('KMS_KEY_DISABLED');
        await enable(keyId);
        expect(await codeOf(provider.unwrap(wrapped, CONTEXT))).toBeNull();
      });
    });

    it('schedules a deletion and calls it back', async () => {
      await withKey(async ({ scheduleDeletion, cancelDeletion, enable, describe: describeKey }, keyId, provider) => {
        if (scheduleDeletion === undefined || cancelDeletion === undefined) return;
        const wrapped = await wrapNew(provider);
        expect(await codeOf(scheduleDeletion(keyId, 1))).toBe('INPUT_INVALID');
        const at = await scheduleDeletion(keyId, DAYS);
        if (at !== null) expect(Math.abs(at - Date.now() - DAYS * 86_400_000)).toBeLessThan(86_400_000);
        expect((await describeKey?.(keyId))?.state ?? 'pending-deletion').toBe('pending-deletion');
        expect(await codeOf(provider.unwrap(wrapped, CONTEXT))).toBe('KMS_KEY_PENDING_DELETION');
        await cancelDeletion(keyId);
        await enable?.(keyId);
        expect(await codeOf(provider.unwrap(wrapped, CONTEXT))).toBeNull();
      });
    });

    it('rotates now: what was wrapped before still opens', async () => {
      await withKey(async ({ rotateNow }, keyId, provider) => {
        if (rotateNow === undefined) return;
        using plain = randomSecret(MASTER_KEY_BYTES);
        const before = await provider.wrap(plain, CONTEXT);
        await rotateNow(keyId);
        using back = await provider.unwrap(before, CONTEXT);
        expect(fingerprintOf(back)).toBe(fingerprintOf(plain));
        expect(await codeOf(provider.unwrap(await wrapNew(provider), CONTEXT))).toBeNull();
      });
    });

    it('schedules rotation, reads it back and ends it', async () => {
      await withKey(async ({ scheduleRotation, rotation }, keyId) => {
        if (scheduleRotation === undefined || rotation === undefined) return;
        expect((await rotation(keyId)).everyDays).toBeNull();
        await scheduleRotation(keyId, 180);
        expect((await rotation(keyId)).everyDays).toBe(180);
        await scheduleRotation(keyId, null);
        expect((await rotation(keyId)).everyDays).toBeNull();
      });
    });

    it('reads versions, or says that this server has none to show', async () => {
      await withKey(async ({ versions }, keyId) => {
        if (versions === undefined) return;
        expect(await codeOf(versions(keyId))).toSatisfy((code) => code === null || code === 'KMS_ACT_UNSUPPORTED');
      });
    });

    it('reads aliases, policy, grants, tags and replicas', async () => {
      await withKey(async (acts, keyId) => {
        expect(await acts.aliases?.(keyId) ?? []).toEqual([]);
        expect(typeof JSON.parse((await acts.policy?.(keyId)) ?? '{}')).toBe('object');
        expect(await acts.grants?.(keyId) ?? []).toEqual([]);
        expect(await acts.tags?.(keyId) ?? {}).toEqual({});
        expect(await acts.replicas?.(keyId) ?? null).toBeNull();
      });
    });
  });
}
