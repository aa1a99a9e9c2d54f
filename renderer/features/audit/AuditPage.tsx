import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import type { AuditRecordView } from '../../../app/contract/audit.ts';
import { asFailure, ask, auditPage, queries, type AuditFilter } from '../../api.ts';
import { counted, figure } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { useSettled } from '../../ui/settled.ts';
import { RecordPanel } from './RecordPanel.tsx';
import { auditSentence } from './sentence.ts';
import './audit.css';

const COLUMNS: readonly TableColumn<AuditRecordView>[] = [
  { id: 'seq', header: 'Record', value: (row) => row.seq, cell: (row) => figure(row.seq), width: '72px', numeric: true, yields: 2 },
  { id: 'at', header: 'When', value: (row) => row.at, cell: (row) => <Time at={row.at} />, width: '108px', numeric: true },
  { id: 'act', header: 'Act', value: (row) => row.act, width: 'minmax(130px, 1fr)' },
  { id: 'object', header: 'Object', value: (row) => row.object, cell: (row) => <Identifier text={row.object} />, width: 'minmax(180px, 2.4fr)' },
  { id: 'actor', header: 'By', value: (row) => row.actor, width: 'minmax(120px, 1fr)', yields: 1 },
  { id: 'outcome', header: 'Outcome', value: (row) => row.outcome, cell: (row) => <StateBadge state={row.outcome} />, width: '100px' },
  { id: 'hash', header: 'Hash', value: (row) => row.hash, cell: (row) => <Identifier text={row.hash} />, width: '170px', hidden: true },
  { id: 'context', header: 'Context', value: (row) => row.context, width: 'minmax(160px, 2fr)', hidden: true },
];

/** Who did what, and is the trail whole? */
export function AuditPage(): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { seq } = useParams({ strict: false });
  const proof = useQuery(queries.auditProof());
  const [search, setSearch] = useState('');
  const [actor, setActor] = useState('');
  const [act, setAct] = useState('');
  const settled = useSettled(search.trim());
  const filter = useMemo<AuditFilter>(
    () => ({ ...(settled === '' ? {} : { search: settled }), ...(actor === '' ? {} : { actor }), ...(act === '' ? {} : { act }) }),
    [settled, actor, act],
  );
  const pages = useInfiniteQuery({
    queryKey: ['audit', 'list', filter],
    queryFn: ({ pageParam }) => auditPage(filter, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.more ? last.records.at(-1)?.seq : undefined),
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.records) ?? [], [pages.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const exported = useMutation({ mutationFn: () => ask((c) => c.audit.export()) });
  const failure = exported.error ?? pages.error;
  const filtered = Object.keys(filter).length > 0;
  const total = pages.data?.pages.at(-1)?.total ?? 0;
  return (
    <div className="page page-fixed with-panel">
      <div className="beside-panel">
        <Answered query={proof} what="Reading the whole chain">
          {(value) => (
            <Sentence {...auditSentence(value)}>
              <Button
                variant="default"
                loading={proof.isFetching}
                onClick={() => {
                  void proof.refetch().then(() => client.invalidateQueries({ queryKey: ['status'] }));
                }}
              >
                Verify now
              </Button>
              <Button variant="default" loading={exported.isPending} onClick={() => exported.mutate()}>
                Export with proof…
              </Button>
            </Sentence>
          )}
        </Answered>
        {failure === null ? null : <FailurePanel failure={asFailure(failure)} />}
        {exported.data?.file == null ? null : (
          <p role="status" className="exported">
            <StateBadge state="done" word={`${counted(exported.data.records, 'record')} written to`} /> <code>{exported.data.file}</code>. <span className="quiet">A verifier checks it without the console.</span>
          </p>
        )}
        <DataTable
          label="Audit records"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => String(row.seq)}
          onOpen={(row) => void navigate({ to: '/audit/$seq', params: { seq: String(row.seq) } })}
          selected={seq}
          exportAs="audit"
          {...(filtered ? {} : { total })}
          onEnd={more}
          search={{ text: search, onChange: setSearch }}
          filterLabel="Search act, object, actor and context"
          tools={
            <>
              <Choice label="Actor" any="Any actor" values={rows.map((row) => row.actor)} value={actor} onChange={setActor} />
              <Choice label="Act" any="Any act" values={rows.map((row) => row.act)} value={act} onChange={setAct} />
            </>
          }
          empty={<p>{pages.isPending ? 'Reading the records …' : filtered ? 'No record matches.' : 'Nothing has been done yet.'}</p>}
        />
      </div>
      {seq === undefined ? null : <RecordPanel key={seq} seq={Number(seq)} onClose={() => void navigate({ to: '/audit' })} />}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly any: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** One of the values that the loaded records hold. */
function Choice({ label, any, values, value, onChange }: ChoiceProps): ReactNode {
  const distinct = [...new Set(value === '' ? values : [value, ...values])].sort((a, b) => a.localeCompare(b));
  return (
    <select className="tool choice" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">{any}</option>
      {distinct.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}
