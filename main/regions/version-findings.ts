import type { KmsKeyState } from '../kms/acts.ts';
import type { KeyCopy, KeyFacts, RegionFacts } from './facts.ts';
import { finding, listed, several, type RegionFinding } from './finding.ts';
import { stateOfVersion } from './versions.ts';

type Generations = RegionFacts['generations'];

/**
 * Generations under an older version of a key that does not unwrap, while the key's own state is that of its newest. The
 * version that wraps now is told of with the key.
 */
export function versionFindings(key: KeyFacts, under: Generations, instances: ReadonlyMap<string, number>): RegionFinding[] {
  return key.copies.filter(({ exists, versions }) => exists === 'yes' && versions.known).flatMap((copy) => {
    const current = copy.versions.known ? copy.versions.value.find((version) => version.current)?.version : undefined;
    const older = under.filter(({ place, version }) => place === copy.place && version !== null && version !== current);
    return [...Map.groupBy(older, ({ version }) => version ?? '')].flatMap(([version, wrapped]) => {
      const state = stateOfVersion(copy, version);
      return state === 'enabled' || state === null ? [] : [found(key, copy, version, state, wrapped, instances)];
    });
  });
}

function found({ provider, id }: KeyFacts, { place }: KeyCopy, version: string, state: KmsKeyState, wrapped: Generations, instances: ReadonlyMap<string, number>): RegionFinding {
  const count = wrapped.reduce((sum, { description }) => sum + (instances.get(description) ?? 0), 0);
  const names = listed(wrapped.map(({ description }) => description));
  const what = `Version ${version} of the key ${WORDS[state]} in ${place}, whatever its newer versions are: no node that starts now can unwrap ${several(wrapped.length, 'generation')} under it (${names}; ${several(count, 'instance')} by the census).`;
  return finding('critical', 'VERSION_NOT_USABLE', { provider, key: id, places: [place] }, what, REMEDIES[state] ?? GONE);
}

const WORDS: Readonly<Record<KmsKeyState, string>> = {
  enabled: 'is enabled',
  disabled: 'is disabled',
  'pending-deletion': 'waits for its destruction',
  'pending-import': 'has no material',
  unavailable: 'is destroyed or not available',
};

const GONE = 'Look at the version in the KMS: one that is destroyed can not be brought back, and what is under it has to be restored from a backup; one that is still being made is to be waited for.';
const REMEDIES: Partial<Readonly<Record<KmsKeyState, string>>> = {
  disabled: 'Enable the version again (fkc kms enable enables each version of the key that is disabled), or move what is under it to another generation while a running node still holds it (fkc rekey).',
  'pending-deletion': 'Cancel the destruction now (fkc kms cancel-deletion), then enable the version (fkc kms enable).',
};
