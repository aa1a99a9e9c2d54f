import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import type { GenerationView, KeyMark } from '../../../app/contract/keys.ts';
import { protectionWords } from '../../../app/contract/wrapping-words.ts';
import { ask, queries } from '../../api.ts';
import { figure, size } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Fingerprint } from '../../ui/Fingerprint.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { ActivateButton } from '../overview/OverviewPage.tsx';
import { KeyPanel } from './KeyPanel.tsx';
import { keysSentence } from './sentence.ts';
import { Timeline } from './timeline/Timeline.tsx';
import { VerifyResult } from './VerifyResult.tsx';
import './keys.css';

const COLUMNS: readonly TableColumn<GenerationRow>[] = [
  { id: 'description', header: 'Key description', value: (key) => key.description, cell: (key) => <Identifier text={key.description} />, width: 'minmax(200px, 3fr)' },
  { id: 'state', header: 'State', value: (key) => (key.failure === null ? key.state : 'unusable'), cell: (key) => <StateBadge state={key.failure === null ? key.state : 'unusable'} />, width: '104px' },
  { id: 'fingerprint', header: 'Fingerprint', value: (key) => key.fingerprint, cell: (key) => <Fingerprint text={key.fingerprint} />, width: '170px', yields: 5 },
  { id: 'instances', header: 'Instances', value: (key) => key.instances, cell: (key) => figure(key.instances), width: '76px', numeric: true, yields: 6 },
  { id: 'bytes', header: 'Size', value: (key) => key.bytes, cell: (key) => (key.bytes === 0 ? '' : size(key.bytes)), width: '76px', numeric: true, yields: 1 },
  { id: 'activated', header: 'Activated', value: (key) => key.activatedAt, cell: (key) => (key.activatedAt === null ? 'never' : <Time at={key.activatedAt} />), width: '112px', numeric: true },
  { id: 'deactivated', header: 'Taken over', value: (key) => key.deactivatedAt, cell: (key) => (key.deactivatedAt === null ? '' : <Time at={key.deactivatedAt} />), width: '112px', numeric: true, yields: 4 },
  { id: 'protection', header: 'Wrapped by', value: (key) => protectionWords(key.wrapping), width: 'minmax(146px, 1fr)', yields: 3 },
  { id: 'rekeyed', header: 'Rekeyed', value: (key) => key.rekeyed?.at ?? null, cell: (key) => (key.rekeyed === null ? '' : <Rekeyed {...key.rekeyed} />), width: '112px', numeric: true, yields: 2 },
  { id: 'name', header: 'Name', value: (key) => key.name, cell: (key) => <Identifier text={key.name} />, width: '160px', hidden: true },
  { id: 'actor', header: 'By', value: (key) => key.actor, width: 'minmax(90px, 1fr)', hidden: true },
  { id: 'reason', header: 'Why', value: (key) => key.reason, width: 'minmax(120px, 1fr)', hidden: true },
  { id: 'generator', header: 'Generator', value: (key) => key.generator, width: '110px', hidden: true },
  { id: 'store', header: 'Store', value: (key) => key.store, width: '110px', hidden: true },
];

const keyOf = (key: GenerationView): string => key.description;

/** A generation with the newest rekey that ended under it. */
type GenerationRow = GenerationView & { readonly rekeyed: { readonly at: number; readonly campaign: string } | null };

function withRekeys(keys: readonly GenerationView[], marks: readonly KeyMark[]): GenerationRow[] {
  // The last of each generation stays: marks run in time.
  const newest = new Map(marks.flatMap(({ at, rekey }) => (rekey === null ? [] : [[rekey.target, { at, campaign: rekey.campaign }] as const])));
  return keys.map((key) => ({ ...key, rekeyed: newest.get(key.description) ?? null }));
}

function Rekeyed({ at, campaign }: { at: number; campaign: string }): ReactNode {
  return (
    <Link to="/rekey/$id" params={{ id: campaign }}>
      <Time at={at} />
    </Link>
  );
}

/** Which keys are there, since when, and what still needs them? */
export function KeysPage(): ReactNode {
  const keys = useQuery(queries.keys());
  const client = useQueryClient();
  const navigate = useNavigate();
  const { description } = useParams({ strict: false });
  const now = useNow();
  const [showResult, setShowResult] = useState(false);
  const rows = useMemo(() => (keys.data === undefined ? [] : withRekeys(keys.data.keys, keys.data.marks)), [keys.data]);
  // Without any rekey its column would only take room from the others.
  const columns = useMemo(() => (rows.some((row) => row.rekeyed !== null) ? COLUMNS : COLUMNS.filter(({ id }) => id !== 'rekeyed')), [rows]);
  const verify = useMutation({
    mutationFn: () => ask((c) => c.keys.verify({})),
    onSettled: () => client.invalidateQueries({ queryKey: ['keys'] }),
  });
  const choose = useCallback((chosen: string, open: boolean) => void navigate({ to: '/keys/$description', params: { description: chosen }, replace: !open }), [navigate]);
  const openMark = useCallback(
    ({ rekey, kms, record }: KeyMark) => {
      if (rekey !== null) void navigate({ to: '/rekey/$id', params: { id: rekey.campaign } });
      else if (kms !== null) void navigate({ to: '/kms/$provider/$key', params: { provider: kms.provider, key: kms.keyId } });
      else if (record !== null) void navigate({ to: '/audit/$seq', params: { seq: String(record) } });
    },
    [navigate],
  );
  const close = useCallback(() => void navigate({ to: '/keys' }), [navigate]);
  // The timeline's right edge moves with the clock; a minute is below what it shows.
  const minute = Math.ceil(now / 60_000) * 60_000;
  const tools = useMemo(
    () => (
      <Button
        variant="default"
        loading={verify.isPending}
        onClick={() => {
          verify.mutate();
          setShowResult(true);
        }}
      >
        Verify all
      </Button>
    ),
    [verify],
  );
  return (
    <div className="page page-fixed with-panel">
      <Answered query={keys} what="Reading the master keys">
        {({ keys: all, names, marks, census }) => (
          <>
            <div className="beside-panel">
              <Sentence {...keysSentence(all, census, now)}>
                <ActivateButton />
              </Sentence>
              {all.length === 0 ? (
                <EmptyState title="No generation yet">
                  <p>Activating a key generates it, protects it, stores it in stripes and reads it back before anything is encrypted with it. It then begins its lane here.</p>
                </EmptyState>
              ) : (
                <>
                  <Timeline keys={all} names={names} marks={marks} now={minute} selected={description} onChoose={choose} onOpenMark={openMark} />
                  {showResult && !verify.isPending ? <VerifyResult result={verify.data} error={verify.error} onClose={() => setShowResult(false)} /> : null}
                  <DataTable
                    label="Master keys"
                    columns={columns}
                    rows={rows}
                    rowKey={keyOf}
                    onOpen={(key) => choose(key.description, true)}
                    selected={description}
                    exportAs="master-keys"
                    sortedBy={{ id: 'activated', desc: true }}
                    tools={tools}
                    empty={<p>No generation yet.</p>}
                  />
                </>
              )}
            </div>
            {description === undefined ? null : <KeyPanel key={description} description={description} onClose={close} />}
          </>
        )}
      </Answered>
    </div>
  );
}
