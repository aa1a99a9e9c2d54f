import type { KmsEndpointOf } from '../../main/kms/registry.ts';
import type { Finding } from '../contract/overview.ts';
import type { KmsKeyHealth } from './kms-watch.ts';

/** Key descriptions that a finding names. */
const NAMED = 5;

/** KMS keys that do not unwrap: since when, and what would happen at a restart. */
export function kmsFindings(keys: readonly KmsKeyHealth[], endpoints: readonly KmsEndpointOf[]): Finding[] {
  return keys.flatMap((key) => {
    const { failure, since } = key;
    if (failure === null || since === null) return [];
    const { provider, keyId, location, version, generations, held } = key;
    const isOneOfSeveral = keys.some((other) => other !== key && other.provider === provider && other.keyId === keyId);
    const circuit = endpoints.find((endpoint) => endpoint.provider === provider && endpoint.location === location)?.circuit;
    const began = new Date(Math.min(since, circuit?.failingSince ?? since)).toISOString();
    const restart = `${counted(generations.length, 'generation')} could not be unwrapped at a restart: ${named(generations)}.`;
    return [
      {
        id: `kms:${provider}:${keyId}${isOneOfSeveral ? `:${location}:${version ?? ''}` : ''}`,
        severity: 'critical' as const,
        code: failure.code,
        what: `${provider} in ${location} does not unwrap under key ${keyId}${isOneOfSeveral && version !== null ? ` version ${version}` : ''} since ${began}.`,
        evidence: `${restart} This process holds ${held} of them and goes on. ${failure.message}${circuit?.state === 'open' ? ' It is not asked for a while (circuit open).' : ''}`,
        remedy: `${failure.remedy} Do not restart nodes before it answers.`,
        action: { label: 'Show the KMS keys', to: '/kms' },
      },
    ];
  });
}

function named(descriptions: readonly string[]): string {
  const rest = descriptions.length - NAMED;
  return `${descriptions.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
