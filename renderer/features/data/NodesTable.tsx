import type { ReactNode } from 'react';
import type { Census } from '../../../app/contract/data.ts';
import type { GenerationView } from '../../../app/contract/keys.ts';
import { figure } from '../../format.ts';
import { nodesOf, shade } from './matrix.ts';
import { MatrixHead } from './MatrixTable.tsx';

interface NodesTableProps {
  readonly census: Census;
  /** Key descriptions in the order of the columns. */
  readonly generations: readonly string[];
  readonly keys: ReadonlyMap<string, GenerationView>;
}

/** Nodes down, generations across; a cell says how many instances with a replica on the node need the generation. */
export function NodesTable({ census, generations, keys }: NodesTableProps): ReactNode {
  const { nodes, cells, totals } = nodesOf(census.byNode);
  return (
    <div className="matrix-scroll" tabIndex={0} role="group" aria-label="Matrix of instances by node">
      <table className="matrix">
        <MatrixHead rows="Node" generations={generations} keys={keys} />
        <tbody>
          {nodes.map((node) => {
            const total = totals.get(node) ?? 0;
            return (
              <tr key={node}>
                <th scope="row">
                  <code>{node}</code>
                </th>
                {generations.map((description) => {
                  const instances = cells.get(`${node}\n${description}`) ?? 0;
                  return (
                    <td key={description} className="number" style={{ backgroundColor: `rgb(var(--shade) / ${shade(instances, total)})` }}>
                      {instances === 0 ? <span className="quiet">0</span> : figure(instances)}
                    </td>
                  );
                })}
                <td className="number matrix-total">{figure(total)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="quiet matrix-note">An instance counts on every node that holds a replica of it.</p>
    </div>
  );
}
