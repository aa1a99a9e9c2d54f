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
          <div className="config-dependents" tabIndex={0} role="group" aria-label="What depends on the KMS">
            <table className="figures">
              <thead>
                <tr>
                  <th scope="col">KMS key</th>
                  <th scope="col" className="number">
                    Generations
                  </th>
                  <th scope="col">Instances by Logical Unit</th>
                </tr>
              </thead>
              <tbody>
                {keys.map((key) => (
                  <tr key={`${key.provider} ${key.keyId}`}>
                    <td>
                      <code title={key.keyId}>{middle(key.keyId, 26)}</code>
                    </td>
                    <td className="number">{figure(key.generations)}</td>
                    <td>{key.byLu.length === 0 ? <span className="quiet">none</span> : key.byLu.map(({ lu, instances: own }) => `${lu} ${figure(own)}`).join(', ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {regions.length === 0 ? null : <p className="quiet">Regions: {regions.join(', ')}</p>}
    </>
  );
}
