import type { ReactNode } from 'react';
import type { KmsPlanView } from '../../../app/contract/kms.ts';
import { figure } from '../../format.ts';

/** Instances that an act at a KMS touches, by Logical Unit; nothing where there are none. */
export function TouchedInstances({ byLu }: Pick<KmsPlanView, 'byLu'>): ReactNode {
  if (byLu.length === 0) return null;
  return (
    <table className="figures">
      <thead>
        <tr>
          <th>Logical Unit</th>
          <th className="number">Instances</th>
        </tr>
      </thead>
      <tbody>
        {byLu.map(({ lu, instances }) => (
          <tr key={lu}>
            <td>{lu}</td>
            <td className="number">{figure(instances)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface TouchedPlacesProps extends Pick<KmsPlanView, 'nodes' | 'regions'> {
  /** What those nodes name in config.ini. */
  readonly named: string;
}

/** Nodes and Regions that an act at a KMS touches. */
export function TouchedPlaces({ nodes, regions, named }: TouchedPlacesProps): ReactNode {
  return (
    <>
      <p>{nodes.length === 0 ? `No node’s config.ini names ${named}.` : `Config.ini of ${nodes.join(', ')} names ${named}.`}</p>
      {regions.length === 0 ? null : <p className="quiet">Regions: {regions.join(', ')}</p>}
    </>
  );
}
