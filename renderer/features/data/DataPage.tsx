import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import type { DataVerification } from '../../../app/contract/data.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { middle } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { ExportButton } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Instances } from './Instances.tsx';
import { cellKey, matrixOf } from './matrix.ts';
import { MatrixTable } from './MatrixTable.tsx';
import { dataSentence, verificationSentence } from './sentence.ts';
import './data.css';

const CENSUS_COLUMNS = [
  { header: 'lu', value: (row: { lu: string }) => row.lu },
  { header: 'keyDescription', value: (row: { keyDescription: string }) => row.keyDescription },
  { header: 'instances', value: (row: { instances: number }) => row.instances },
  { header: 'bytes', value: (row: { bytes: number }) => row.bytes },
];

/** What is stored, and under which keys? */
export function DataPage(): ReactNode {
  const selected = useSearch({ from: '/data' });
  const census = useQuery(queries.census());
  const keys = useQuery(queries.keys());
  const verify = useMutation({ mutationFn: () => ask((c) => c.data.verify({})) });
  const known = useMemo(() => new Map((keys.data?.keys ?? []).map((key) => [key.description, key])), [keys.data]);
  return (
    <div className="page page-fixed">
      <Answered query={census} what="Counting the instances">
        {(value) => {
          const names = new Set(value.rows.map((row) => known.get(row.keyDescription)?.name));
          const next = [...known.values()].filter((key) => key.state === 'active' && names.has(key.name)).map((key) => key.description);
          const matrix = matrixOf(value, [...known.keys()], next);
          const lu = selected.lu ?? matrix.lus[0];
          const active = new Set([...known.values()].filter((key) => key.state === 'active').map((key) => key.description));
          // Until the keys are known nothing is said against them.
          const usable = new Set(keys.data === undefined ? matrix.generations : [...known.values()].filter((key) => key.failure === null).map((key) => key.description));
          const sentence = verify.data !== undefined && verify.data.unreadable.length > 0 ? verificationSentence(verify.data) : dataSentence(value, active, usable);
          const shown = lu === undefined ? 0 : ((selected.key === undefined ? matrix.rowTotals.get(lu) : matrix.cells.get(cellKey(lu, selected.key))) ?? 0);
          return (
            <>
              <Sentence {...sentence}>
                {value.total === 0 ? undefined : (
                  <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
                    Verify all
                  </Button>
                )}
              </Sentence>
              {verify.error === null ? null : <FailurePanel failure={asFailure(verify.error)} />}
              {verify.data === undefined ? null : <Verified result={verify.data} onClose={() => verify.reset()} />}
              {value.total === 0 ? (
                <EmptyState title="Nothing is stored here yet">
                  <p>
                    Import a SQLite file or a folder of CSV files as a Logical Unit: <code>fkc lu import CUSTOMER --definition customer.json --source customers/</code>
                  </p>
                </EmptyState>
              ) : (
                <>
                  <Section title="Instances by Logical Unit and generation" acts={<ExportButton subject="census" columns={CENSUS_COLUMNS} rows={() => value.rows} count={value.rows.length} />}>
                    <MatrixTable matrix={matrix} keys={known} selected={selected} />
                  </Section>
                  {lu === undefined ? null : (
                    <Section
                      className="section-fills"
                      title={selected.key === undefined ? `Instances of ${lu}` : `Instances of ${lu} under ${middle(selected.key, 42)}`}
                      acts={
                        selected.key === undefined ? null : (
                          <Link to="/data" search={{ lu }}>
                            Show all of {lu}
                          </Link>
                        )
                      }
                    >
                      <Instances key={`${lu} ${selected.key ?? ''}`} lu={lu} keyDescription={selected.key} total={shown} />
                    </Section>
                  )}
                </>
              )}
            </>
          );
        }}
      </Answered>
    </div>
  );
}

/** What opening every instance found; every one that failed with its code. */
function Verified({ result, onClose }: { result: DataVerification; onClose: () => void }): ReactNode {
  const whole = result.unreadable.length === 0;
  return (
    <div className="result" role="status">
      <div className="result-head">
        <StateBadge state={whole ? 'intact' : 'broken'} word={verificationSentence(result).text} />
        <span className="spring" />
        <Button variant="default" onClick={onClose}>
          Dismiss
        </Button>
      </div>
      {whole ? null : (
        <table className="figures">
          <thead>
            <tr>
              <th>Instance</th>
              <th>Code</th>
              <th>What it means</th>
            </tr>
          </thead>
          <tbody>
            {result.unreadable.map((each) => (
              <tr key={`${each.lu} ${each.id}`}>
                <td>
                  <Link to="/data/$lu/$id" params={{ lu: each.lu, id: each.id }}>
                    {each.lu} {each.id}
                  </Link>
                </td>
                <td>
                  <code>{each.code}</code>
                </td>
                <td>
                  {each.message} {each.remedy}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
