import type { ReactNode } from 'react';
import type { ReplacementPlan } from '../../../app/contract/kms-replace.ts';
import { figure } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { useNow } from '../../ui/clock.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';

/** The KMS keys that stay needed, and by what. */
export function Dependents({ dependents, census }: Pick<ReplacementPlan, 'dependents' | 'census'>): ReactNode {
  const now = useNow();
  return (
    <Section title="What still needs another KMS key" acts={<span className="quiet">{censusAge(census, now)}</span>}>
      {dependents.length === 0 ? (
        <p className="quiet">Nothing: no generation is under another KMS key.</p>
      ) : (
        <div className="replace-scroll" tabIndex={0} role="group" aria-label="KMS keys that stay needed">
          <table className="figures replace-dependents">
            <thead>
              <tr>
                <th scope="col">KMS key</th>
                <th scope="col">Regions</th>
                <th scope="col">Named by</th>
                <th scope="col">Then</th>
                <th scope="col" className="number">
                  Generations
                </th>
                <th scope="col" className="number">
                  Instances
                </th>
                <th scope="col">By Logical Unit</th>
              </tr>
            </thead>
            <tbody>
              {dependents.map(({ provider, keyId, location, regions, nodes, replaced, generations, instances, lus }) => (
                <tr key={`${provider} ${keyId} ${location}`}>
                  <td>
                    <Identifier text={keyId} />
                  </td>
                  <td>{regions.join(', ')}</td>
                  <td>{nodes.length === 0 ? <span className="quiet">no node</span> : nodes.join(', ')}</td>
                  <td>{replaced ? <StateBadge state="deactivated" word="replaced, kept" /> : <StateBadge state="note" word="as it is" />}</td>
                  <td className="number">{figure(generations)}</td>
                  <td className="number">{figure(instances)}</td>
                  <td>{lus.length === 0 ? <span className="quiet">none</span> : lus.map(({ lu, instances: own }) => `${lu} ${figure(own)}`).join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="quiet">An old KMS key is kept, enabled, until everything under it is rekeyed: what it wrapped is opened by it alone.</p>
    </Section>
  );
}
