import type { ReactNode } from 'react';
import { latency } from '../../format.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { cellOf, type CellState, type Column, type UseRow } from './matrix.ts';

const BADGES: Readonly<Record<Exclude<CellState, 'none'>, string>> = { configured: 'note', there: 'readable', off: 'failed', missing: 'failed', unknown: 'warning' };

/** Nodes down, regions across: where each node's key is, in which state, and where its copies differ. */
export function RegionMatrix({ rows, columns }: { rows: readonly UseRow[]; columns: readonly Column[] }): ReactNode {
  const several = new Set(columns.map(({ provider }) => provider)).size > 1;
  return (
    <div className="region-scroll" tabIndex={0} role="group" aria-label="Nodes and regions">
      <table className="region-matrix">
        <thead>
          <tr>
            <th scope="col">Node, and the key in its config.ini</th>
            {columns.map((column) => (
              <th key={column.id} scope="col">
                <span className="region-name">{column.region}</span>
                <span className="region-facts">
                  {several ? `${column.provider.replace('_KMS', '')} · ` : ''}
                  {column.asked === null ? 'not asked yet' : column.asked.whyNot !== null ? <StateBadge state="failed" word={column.asked.whyNot.code} /> : column.asked.medianMs === null ? 'no such key there' : `${latency(column.asked.medianMs)} from here`}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row">
                <span className="region-node">{row.node}</span>
                {row.key === null ? <span className="quiet">{row.whyNot === null ? 'names no KMS key' : row.whyNot.code}</span> : <Identifier text={row.key} />}
              </th>
              {columns.map((column) => (
                <MatrixCell key={column.id} row={row} column={column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MatrixCell({ row, column }: { row: UseRow; column: Column }): ReactNode {
  const { state, word, own, differs } = cellOf(row, column);
  if (state === 'none') return <td className="region-none" />;
  return (
    <td className={own ? 'region-own' : ''}>
      <span className="region-cell">
        {own ? <StateBadge state={BADGES[state]} word={word} /> : <span className="quiet">{state === 'there' ? `also ${word}` : word}</span>}
        {own ? <span className="region-mark">configured</span> : null}
      </span>
      {differs.length === 0 ? null : own ? <StateBadge state="warning" word={`other ${differs.join(', ')}`} /> : <span className="quiet">other {differs.join(', ')}</span>}
    </td>
  );
}
