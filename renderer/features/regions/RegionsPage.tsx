import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import type { JobView } from '../../../app/contract/data.ts';
import type { RegionAuditView, RegionFindingView, RegionKeyView, RegionNodeView } from '../../../app/contract/regions.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, figure } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { DataTable, ExportButton, type TableColumn } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { usePageKeys, usePlainKeys, type PageKey } from '../frame/page-keys.ts';
import { pace } from '../overview/Jobs.tsx';
import { columnsOf, differsWords, rowsOf } from './matrix.ts';
import { RegionMatrix } from './RegionMatrix.tsx';
import { regionsSentence } from './sentence.ts';
import { WhatIf } from './WhatIf.tsx';
import './regions.css';

const KEYS: readonly PageKey[] = [{ keys: ['u'], does: 'Audit the regions' }];
/** Findings that are listed; the export has all. */
const SHOWN = 40;

/** Which node's key is in which region, and what is lost with one? */
export function RegionsPage(): ReactNode {
  const regions = useQuery(queries.regions());
  return (
    <div className="page regions">
      <Answered query={regions} what="Reading every node’s config.ini">
        {({ nodes, audit }) => <Regions nodes={nodes} audit={audit} />}
      </Answered>
    </div>
  );
}

function Regions({ nodes, audit }: { nodes: readonly RegionNodeView[]; audit: RegionAuditView | null }): ReactNode {
  const { lost, disabled } = useSearch({ from: '/regions' });
  const client = useQueryClient();
  const now = useNow();
  const jobs = useQuery(queries.jobs());
  // Only the newest: those before it have been answered by it.
  const job = (jobs.data?.jobs ?? []).find(({ kind }) => kind === 'regions');
  const running = job?.state === 'running';
  const start = useMutation({ mutationFn: () => ask((c) => c.regions.audit()), onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }) });
  const usesKms = nodes.some(({ uses }) => uses.length > 0);
  const begin = (): void => {
    if (usesKms && !running) start.mutate();
  };
  usePageKeys(KEYS);
  usePlainKeys({ u: begin });
  const rows = useMemo(() => rowsOf(nodes, audit), [nodes, audit]);
  const columns = useMemo(() => columnsOf(nodes, audit), [nodes, audit]);
  return (
    <>
      <Sentence {...regionsSentence(nodes, audit, now)}>
        {usesKms ? (
          <Button onClick={begin} disabled={running} loading={start.isPending}>
            {audit === null ? 'Audit the regions' : 'Audit again'}
          </Button>
        ) : undefined}
      </Sentence>
      {start.error === null ? null : <FailurePanel failure={asFailure(start.error)} />}
      {job?.failure == null ? null : <FailurePanel failure={job.failure} retry={begin} />}
      {running ? <Running job={job} /> : null}
      {nodes.length === 0 ? (
        <EmptyState title="Name the nodes first">
          <p>
            Each node of the cluster has its own config.ini, with its region and its KMS key. Add them on the page <Link to="/configuration">Configuration</Link>, or with <code>fkc profile node PROFILE add NODE --config-ini FILE</code>
          </p>
        </EmptyState>
      ) : !usesKms ? (
        <EmptyState title="No KMS key to look for">
          <p>
            Set <code>REGION</code> and <code>CUSTOMER_KEY_ID</code> (AWS), or the parameters of GCP or KMIP, on the page <Link to="/configuration">Configuration</Link>.
          </p>
        </EmptyState>
      ) : (
        <>
          <Section title="Nodes and regions">
            <RegionMatrix rows={rows} columns={columns} />
          </Section>
          {audit === null ? null : (
            <>
              <WhatIf audit={audit} lost={lost} disabled={disabled} />
              {audit.findings.length === 0 ? null : <Findings findings={audit.findings} />}
              <Section title="KMS keys that nodes or generations name" className="region-keys" style={{ '--rows': Math.min(8, Math.max(1, audit.keys.length)) }} acts={<span className="quiet">{`${counted(audit.requests, 'request')}, ${figure(audit.throttled)} throttled`}</span>}>
                <DataTable label="KMS keys" columns={KEY_COLUMNS} rows={audit.keys} rowKey={(key) => `${key.provider} ${key.key}`} exportAs="kms-keys-by-region" empty={<p>No KMS key is named.</p>} sortedBy={{ id: 'instances', desc: true }} />
              </Section>
            </>
          )}
        </>
      )}
    </>
  );
}

/** How far the audit is, how fast, and a way to stop it. */
function Running({ job }: { job: JobView }): ReactNode {
  const stop = useMutation({ mutationFn: () => ask((c) => c.jobs.cancel({ id: job.id })) });
  return (
    <div className="region-running" role="status">
      <span>Asking every region about every key</span>
      <progress aria-label={job.title} max={job.total ?? 1} {...(job.total === null ? {} : { value: job.done })} />
      <span className="quiet">{pace(job)}</span>
      <Button variant="default" onClick={() => stop.mutate()}>
        Cancel
      </Button>
    </div>
  );
}

const FINDING_COLUMNS = [
  { header: 'severity', value: (row: RegionFindingView) => row.severity },
  { header: 'code', value: (row: RegionFindingView) => row.code },
  { header: 'key', value: (row: RegionFindingView) => row.where.key },
  { header: 'regions', value: (row: RegionFindingView) => row.where.regions.join(' ') },
  { header: 'nodes', value: (row: RegionFindingView) => row.where.nodes.join(' ') },
  { header: 'what', value: (row: RegionFindingView) => row.what },
  { header: 'remedy', value: (row: RegionFindingView) => row.remedy },
];
const SEVERITY_WORDS: Readonly<Record<RegionFindingView['severity'], string>> = { critical: 'Critical', warning: 'Warning', note: 'Note' };

function Findings({ findings }: { findings: readonly RegionFindingView[] }): ReactNode {
  return (
    <Section title="What needs you" acts={<ExportButton subject="region-findings" columns={FINDING_COLUMNS} rows={() => findings} count={findings.length} />}>
      <ul className="region-findings">
        {findings.slice(0, SHOWN).map((finding) => (
          <li key={`${finding.code} ${finding.where.key ?? ''} ${finding.where.regions.join(' ')} ${finding.where.nodes.join(' ')} ${finding.what}`}>
            <StateBadge state={finding.severity} word={SEVERITY_WORDS[finding.severity]} />
            <div>
              <p>
                {finding.what} {finding.where.key === null ? null : <span className="region-finding-key"><Identifier text={finding.where.key} /></span>}
              </p>
              <p className="quiet">{finding.remedy}</p>
            </div>
          </li>
        ))}
      </ul>
      {findings.length > SHOWN ? <p className="quiet">The first {SHOWN} of {counted(findings.length, 'finding')} are shown; the export has all.</p> : null}
    </Section>
  );
}

const KEY_COLUMNS: readonly TableColumn<RegionKeyView>[] = [
  { id: 'key', header: 'Key', value: (key) => key.key, cell: (key) => <Identifier text={key.key} />, width: 'minmax(220px, 2fr)' },
  { id: 'provider', header: 'Provider', value: (key) => key.provider, width: '100px', yields: 1 },
  { id: 'regions', header: 'There in', value: (key) => key.regions.filter(({ exists }) => exists === 'yes').map(({ region }) => region).join(', '), width: 'minmax(160px, 2fr)' },
  { id: 'differs', header: 'Copies differ in', value: differsWords, cell: (key) => (key.differs.length === 0 ? <span className="quiet">nothing</span> : <StateBadge state="warning" word={differsWords(key)} />), width: 'minmax(130px, 1fr)' },
  { id: 'nodes', header: 'Nodes', value: (key) => key.nodes.length, width: '70px', numeric: true, yields: 2 },
  { id: 'generations', header: 'Generations', value: (key) => key.generations, width: '100px', numeric: true },
  { id: 'instances', header: 'Instances', value: (key) => key.instances, cell: (key) => figure(key.instances), width: '100px', numeric: true },
];
