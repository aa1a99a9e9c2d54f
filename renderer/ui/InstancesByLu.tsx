import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { figure, size } from '../format.ts';

interface InstancesByLuProps {
  readonly rows: readonly { readonly lu: string; readonly instances: number; readonly bytes: number }[];
  /** Leads to the instances under this generation alone. */
  readonly keyDescription?: string;
}

/** What needs a key, by Logical Unit, each with a way to the instances. */
export function InstancesByLu({ rows, keyDescription }: InstancesByLuProps): ReactNode {
  return (
    <table className="figures">
      <thead>
        <tr>
          <th>Logical Unit</th>
          <th className="number">Instances</th>
          <th className="number">Size</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ lu, instances, bytes }) => (
          <tr key={lu}>
            <td>
              <Link to="/data" search={keyDescription === undefined ? { lu } : { lu, key: keyDescription }}>
                {lu}
              </Link>
            </td>
            <td className="number">{figure(instances)}</td>
            <td className="number">{size(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
