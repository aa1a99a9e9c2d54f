import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import type { DataVerification } from '../../../app/contract/data.ts';
import type { GenerationView } from '../../../app/contract/keys.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { middle } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { ExportButton } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Jobs } from '../overview/Jobs.tsx';
import { CensusFacts } from './CensusFacts.tsx';
import { Instances } from './Instances.tsx';
import { cellKey, matrixOf } from './matrix.ts';
import { MatrixTable } from './MatrixTable.tsx';
import { NodesTable } from './NodesTable.tsx';
import { dataSentence, verificationSentence } from './sentence.ts';
import { TakeCensus } from './TakeCensus.tsx';
import './data.css';

interface CountRow {
  readonly lu: string;
  readonly keyDescription: string;
  readonly instances: number;
  readonly bytes?: number;
  readonly node?: string;
}

type ExportRow = CountRow & { readonly wrapping: string | null; readonly wrappedBy: string | null };

/** The counts as they are exported: with what wraps the generation of each. */
function withWrapping(rows: readonly CountRow[], known: ReadonlyMap<string, GenerationView>): ExportRow[] {
  return rows.map((row) => {
    const wrapping = known.get(row.keyDescription)?.wrapping ?? {};
    return { ...row, wrapping: wrapping['provider'] ?? wrapping['kind'] ?? null, wrappedBy: wrapping['keyId'] ?? null };
  });
}

const COMMON_COLUMNS = [
  { header: 'lu', value: (row: ExportRow) => row.lu },
  { header: 'keyDescription', value: (row: ExportRow) => row.keyDescription },
  { header: 'instances', value: (row: ExportRow) => row.instances },
];
const WRAPPING_COLUMNS = [
  { header: 'wrapping', value: (row: ExportRow) => row.wrapping },
  { header: 'wrappedBy', value: (row: ExportRow) => row.wrappedBy },
];
const CENSUS_COLUMNS = [...COMMON_COLUMNS, { header: 'bytes', value: (row: ExportRow) => row.bytes ?? null }, ...WRAPPING_COLUMNS];
const NODE_COLUMNS = [{ header: 'node', value: (row: ExportRow) => row.node ?? null }, ...COMMON_COLUMNS, ...WRAPPING_COLUMNS];

/** What is stored, and under which keys? */
export function DataPage(): ReactNode {
  const selected = useSearch({ from: '/data' });
  const census = useQuery(queries.census());
  const keys = useQuery(queries.keys());
  const status = useQuery(queries.status());
  const jobs = useQuery(queries.jobs());
  const now = useNow();
  // Of failed ones only the newest: those before it have been answered by it.
  const taking = (jobs.data?.jobs ?? []).filter((job, index, all) => job.kind === 'census' && (job.state === 'running' || job.state === 'paused' || (job.state === 'failed' && all.findIndex((other) => other.kind === 'census') === index)));
  const verify = useMutation({ mutationFn: () => ask((c) => c.data.verify({})) });
  const known = useMemo(() => new Map((keys.data?.keys ?? []).map((key) => [key.description, key])), [keys.data]);
  return (
    <div className="page page-fixed">
      <Answered query={census} what="Counting the instances">
        {(value) => {
          const names = new Set(value.rows.map((row) => known.get(row.keyDescription)?.name));
          const next = [...known.values()].filter((key) => key.state === 'active' && names.has(key.name)).map((key) => key.description);
          const matrix = matrixOf(value, [...known.keys()], next);
          const byNode = selected.by === 'node' && value.byNode.length > 0;
          const lu = selected.lu ?? matrix.lus[0];
          const active = new Set([...known.values()].filter((key) => key.state === 'active').map((key) => key.description));
          // Until the keys are known nothing is said against them.
          const usable = new Set(keys.data === undefined ? matrix.generations : [...known.values()].filter((key) => key.failure === null).map((key) => key.description));
          const sentence = verify.data !== undefined && verify.data.unreadable.length > 0 ? verificationSentence(verify.data) : dataSentence(value, active, usable, now);
          const shown = lu === undefined ? 0 : ((selected.key === undefined ? matrix.rowTotals.get(lu) : matrix.cells.get(cellKey(lu, selected.key))) ?? 0);
          return (
            <>
              <Sentence {...sentence}>
                <TakeCensus locked={status.data?.state !== 'live'} />
                {value.total === 0 ? undefined : (
                  <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
                    Verify all
                  </Button>
                )}
              </Sentence>
              {verify.error === null ? null : <FailurePanel failure={asFailure(verify.error)} />}
              {verify.data === undefined ? null : <Verified result={verify.data} onClose={() => verify.reset()} />}
              {taking.length === 0 ? null : (
                <Section title="Census under way">
                  <Jobs jobs={taking} />
                </Section>
              )}
              {value.at === null ? null : value.total === 0 ? (
                <EmptyState title="Nothing is stored here yet">
                  <p>
                    Import a SQLite file or a folder of CSV files as a Logical Unit: <code>fkc lu import CUSTOMER --definition customer.json --source customers/</code>
                  </p>
                </EmptyState>
              ) : (
                <>
                  <Section
                    title={byNode ? 'Instances by node and generation' : 'Instances by Logical Unit and generation'}
                    acts={
                      <>
                        {value.byNode.length === 0 ? null : <Views byNode={byNode} />}
                        <ExportButton subject={byNode ? 'census-by-node' : 'census'} columns={byNode ? NODE_COLUMNS : CENSUS_COLUMNS} rows={() => withWrapping(byNode ? value.byNode : value.rows, known)} count={byNode ? value.byNode.length : value.rows.length} />
                      </>
                    }
                  >
                    {byNode ? <NodesTable census={value} generations={matrix.generations} keys={known} /> : <MatrixTable matrix={matrix} keys={known} selected={selected} />}
                    <CensusFacts census={value} />
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

/** The two ways to look at the same counts. */
function Views({ byNode }: { byNode: boolean }): ReactNode {
  return (
    <span className="choice-links">
      {byNode ? <Link to="/data">by Logical Unit</Link> : <strong>by Logical Unit</strong>}
      {byNode ? (
        <strong>by node</strong>
      ) : (
        <Link to="/data" search={{ by: 'node' }}>
          by node
        </Link>
      )}
    </span>
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
