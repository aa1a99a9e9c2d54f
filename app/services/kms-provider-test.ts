import { AppError } from '../../main/errors.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { KmsTestView } from '../contract/kms.ts';
import type { Cluster } from './cluster.ts';
import { nameOf } from './kms-names.ts';
import { roundTrip } from './kms-test.ts';

/** A round trip at each configured provider, or one. @throws AppError `PROVIDER_NOT_CONFIGURED` where none is configured */
export async function testProviders(cluster: Cluster, only?: KmsProviderName): Promise<KmsTestView[]> {
  const { registry } = cluster.kms;
  const names = only === undefined ? registry.configured : [only];
  if (names.length === 0) throw new AppError('PROVIDER_NOT_CONFIGURED', 'No config.ini of this profile names a KMS key, so that there is nothing to try.', 'Set one on the page Configuration, or with: fkc config set');
  return cluster.guarded('kms.test', names.join(' '), {}, async (note) => {
    const tests = await Promise.all(
      names.map(async (provider): Promise<KmsTestView> => {
        const keyId = registry.target(provider)?.keyId ?? null;
        const steps = await roundTrip(() => registry.provider(provider), askable(keyId ?? ''), cluster.kmsAccess.cluster);
        return { provider, keyId, ok: steps.every(({ ok, step }) => ok || step === 'describe') && steps.some(({ step }) => step === 'compare'), steps: steps.map(({ failure, ...step }) => ({ ...step, failure: failure === null ? null : { ...failure, details: { ...failure.details } } })) };
      }),
    );
    for (const { provider, ok, steps } of tests) note({ [provider]: ok ? 'ok' : (steps.find((step) => !step.ok)?.failure?.code ?? 'failed') });
    return tests;
  });
}

/** Google's keys are asked for alone or by their whole name, and not by ring and key. */
function askable(keyId: string): string {
  return /^[^/:]+\/[^/]+$/.test(keyId) && !keyId.startsWith('alias/') ? nameOf(keyId) : keyId;
}
