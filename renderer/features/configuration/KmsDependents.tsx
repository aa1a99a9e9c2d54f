import type { ReactNode } from 'react';
import type { ConfigPlan } from '../../../app/contract/config.ts';
import { counted, figure, middle } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { useNow } from '../../ui/clock.ts';

/** What the nodes open with the sections of KMSs that a change concerns. */
export function KmsDependents({ dependents: { providers, keys, nodes, regions, census } }: { dependents: NonNullable<ConfigPlan['dependents']> }): ReactNode {
  const age = censusAge(census, useNow());
  const instances = keys.reduce((sum, key) => sum + key.instances, 0);
  const generations = keys.reduce((sum, key) => sum + key.generations, 0);
  return (
    <>
      {keys.length === 0 ? (
        <p>No generation is under {providers.join(' or ')}; what these nodes activate from now on is.</p>
      ) : (
        <>
          <p>
            By {providers.join(' and ')}, {nodes.join(' and ')} {nodes.length === 1 ? 'opens' : 'open'} {counted(generations, 'generation')} with {counted(instances, 'instance')}; {age}.
          </p>
          <ul className="config-dependents" tabIndex={0} aria-label="What depends on the KMS">
            {keys.map((key) => (
              <li key={`${key.provider} ${key.keyId}`}>
                <code title={key.keyId}>{middle(key.keyId, 30)}</code>
                <span className="quiet">
                  {counted(key.generations, 'generation')}; {key.byLu.length === 0 ? 'no instance' : key.byLu.map(({ lu, instances: own }) => `${lu} ${figure(own)}`).join(', ')}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {regions.length === 0 ? null : <p className="quiet">Regions: {regions.join(', ')}</p>}
    </>
  );
}
