import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { GenerationView } from '../../../app/contract/keys.ts';
import { protectionWords } from '../../../app/contract/wrapping-words.ts';
import { day, figure, percent } from '../../format.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { cellKey, shade, type Matrix } from './matrix.ts';

interface MatrixTableProps {
  readonly matrix: Matrix;
  readonly keys: ReadonlyMap<string, GenerationView>;
  readonly selected: { readonly lu?: string; readonly key?: string };
}

/** Logical Units down, generations across; a cell says how many instances, its shade what share of the row. */
export function MatrixTable({ matrix, keys, selected }: MatrixTableProps): ReactNode {
  return (
    <div className="matrix-scroll" tabIndex={0} role="group" aria-label="Matrix of instances">
      <table className="matrix">
        <MatrixHead rows="Logical Unit" generations={matrix.generations} keys={keys} />
        <tbody>
          {matrix.lus.map((lu) => {
            const rowTotal = matrix.rowTotals.get(lu) ?? 0;
            return (
              <tr key={lu}>
                <th scope="row">
                  <Link to="/data" search={{ lu }}>
                    {lu}
                  </Link>
                </th>
                {matrix.generations.map((description) => {
                  const instances = matrix.cells.get(cellKey(lu, description)) ?? 0;
                  const chosen = selected.lu === lu && selected.key === description;
                  return (
                    <td key={description} className={`number ${chosen ? 'matrix-chosen' : ''}`} style={{ backgroundColor: `rgb(var(--shade) / ${shade(instances, rowTotal)})` }}>
                      {instances === 0 ? (
                        <span className="quiet">0</span>
                      ) : (
                        <Link to="/data" search={{ lu, key: description }} aria-current={chosen} title={`${percent(instances / rowTotal)} of ${lu}`}>
                          {figure(instances)} <span className="matrix-share">{percent(instances / rowTotal)}</span>
                        </Link>
                      )}
                    </td>
                  );
                })}
                <td className="number matrix-total">{figure(rowTotal)}</td>
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            {matrix.generations.map((description) => (
              <td key={description} className="number">
                {figure(matrix.columnTotals.get(description) ?? 0)}
              </td>
            ))}
            <td className="number">{figure(matrix.total)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

interface MatrixHeadProps {
  /** What the rows are. */
  readonly rows: string;
  readonly generations: readonly string[];
  readonly keys: ReadonlyMap<string, GenerationView>;
}

/** The head of a matrix with a column for each generation. */
export function MatrixHead({ rows, generations, keys }: MatrixHeadProps): ReactNode {
  return (
    <thead>
      <tr>
        <th scope="col">{rows}</th>
        {generations.map((description) => (
          <th key={description} scope="col" className="number">
            <GenerationHead description={description} generation={keys.get(description)} />
          </th>
        ))}
        <th scope="col" className="number">
          All
        </th>
      </tr>
    </thead>
  );
}

/** The head of a generation's column: the key, since when, what wraps it, and whether it can be used. */
function GenerationHead({ description, generation }: { description: string; generation: GenerationView | undefined }): ReactNode {
  if (generation === undefined) {
    return (
      <span className="matrix-head" title={description}>
        <code>…{description.slice(-8)}</code>
        <StateBadge state="unusable" word="unknown key" />
      </span>
    );
  }
  return (
    <Link to="/keys/$description" params={{ description }} className="matrix-head" title={description}>
      <code>…{description.slice(-8)}</code>
      <span className="quiet">{generation.activatedAt === null ? 'never active' : day(generation.activatedAt)}</span>
      <span className="quiet matrix-wrapping" title={`Wrapped by ${generation.wrapping['keyId'] ?? 'nothing that is known'}`}>
        {protectionWords(generation.wrapping)}
      </span>
      <StateBadge state={generation.failure === null ? generation.state : 'unusable'} />
    </Link>
  );
}
