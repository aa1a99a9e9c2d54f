import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useCallback, useMemo, type ReactNode } from 'react';
import type { CampaignFailureView, CampaignView } from '../../../app/contract/rekey.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, figure, size } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { CampaignActs } from './CampaignActs.tsx';
import { badgeOf, capital } from './CampaignRow.tsx';
import { FieldProof } from './FieldProof.tsx';
import { RangeBar } from './RangeBar.tsx';
import { bytesInWords, rateInWords, type LimitName } from './rates.ts';
import { campaignPace, campaignSentence, meanwhile, rangesInWords } from './sentence.ts';
import { Throttle } from './Throttle.tsx';
import './rekey.css';

const LIMITS: readonly LimitName[] = ['instancesPerSecond', 'mebibytesPerSecond', 'concurrency'];

/** How far is this campaign, what failed, and what did it prove? */
export function CampaignPage(): ReactNode {
  const { id } = useParams({ from: '/rekey/$id' });
  const campaign = useQuery(queries.campaign(id));
  return (
    <div className="page rekey">
      <p className="trail">
        <Link to="/rekey">Rekey</Link> / <code>{id}</code>
      </p>
      <Answered query={campaign} what="Reading the campaign">
        {(value) => <Campaign campaign={value} />}
      </Answered>
    </div>
  );
}

function Campaign({ campaign }: { campaign: CampaignView }): ReactNode {
  const { state, requestedAs, target, from, lus, fields, bytes, limits, workers, createdAt, updatedAt, failure, outcome } = campaign;
  const live = state === 'running' || state === 'paused' || state === 'planned';
  return (
    <>
      <Sentence {...campaignSentence(campaign)}>
        <CampaignActs campaign={campaign} />
      </Sentence>
      <div className="campaign campaign-large">
        <div className="campaign-head">
          <StateBadge {...badgeOf(campaign)} />
          <span>{capital(requestedAs)}</span>
          <span className="spring" />
          <span className="quiet campaign-pace" role="status">
            {campaignPace(campaign)}
          </span>
        </div>
        <RangeBar ranges={campaign.ranges} label="Token ranges" />
        <div className="campaign-foot">
          <span className="quiet">{rangesInWords(campaign.ranges)}</span>
        </div>
        {live ? (
          <div className="campaign-foot">
            <Throttle campaign={campaign} limits={LIMITS} />
          </div>
        ) : null}
        {failure === null ? null : <FailurePanel failure={failure} />}
      </div>
      {outcome === null ? null : <Outcome outcome={outcome} />}
      {campaign.failed > 0 ? <Failures campaign={campaign} /> : null}
      <Section title="Facts">
        <Facts
          facts={[
            ['Logical Units', lus.join(', ')],
            ...(fields === null ? [['From', from.length === 0 ? 'none' : <Generations key="f" all={from} />] as const] : [['Columns', fields.map((each) => `${each.lu}: ${each.table}.${each.column}`).join(', ')] as const]),
            ['Towards', <Link key="t" to="/keys/$description" params={{ description: target }}><Identifier text={target} /></Link>],
            ['Re-encrypted', size(bytes)],
            ['Limits', `${rateInWords(limits.instancesPerSecond)}, ${limits.mebibytesPerSecond === null ? 'no limit of bytes' : bytesInWords(limits.mebibytesPerSecond)}, ${figure(limits.concurrency)} at once in each process`],
            ['Workers', workers.length === 0 ? (state === 'running' ? 'none: work on it here, or run “fkc rekey serve”' : 'none') : <Workers key="w" workers={workers} />],
            ['Begun', <Time key="b" at={createdAt} />],
            [live ? 'Last seen' : 'Ended', <Time key="u" at={updatedAt} />],
          ]}
        />
      </Section>
    </>
  );
}

function Generations({ all }: { all: readonly string[] }): ReactNode {
  return (
    <ul className="plain-list">
      {all.map((each) => (
        <li key={each}>
          <Link to="/keys/$description" params={{ description: each }}>
            <Identifier text={each} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Workers({ workers }: { workers: CampaignView['workers'] }): ReactNode {
  return (
    <ul className="plain-list">
      {workers.map((each) => (
        <li key={each.worker}>
          <code>{each.worker}</code>
          {each.here ? ' (this window)' : ''}, {counted(each.ranges, 'range')}, <Time at={each.lastBeat} />
        </li>
      ))}
    </ul>
  );
}

function Outcome({ outcome }: { outcome: NonNullable<CampaignView['outcome']> }): ReactNode {
  if (outcome.kind === 'failure') {
    return (
      <Section title="How it ended">
        <FailurePanel failure={outcome} live={false} />
      </Section>
    );
  }
  if (outcome.fields !== null) return <FieldProof outcome={outcome} proof={outcome.fields} />;
  return (
    <Section title="Proof">
      <p className="proof">
        <StateBadge state={outcome.proven ? 'intact' : 'warning'} word={outcome.proven ? 'Zero references' : 'Not proven'} />
        <span>
          A second census of {counted(outcome.counted, 'instance')}, <Time at={outcome.at} />: {figure(outcome.rewritten)} re-encrypted, {meanwhile(outcome)}{figure(outcome.failures)} left with a failure.
        </span>
      </p>
      {outcome.left.length === 0 ? null : (
        <table className="figures proof-left">
          <thead>
            <tr>
              <th>Logical Unit</th>
              <th>Still under</th>
              <th className="number">Instances</th>
              <th className="number">Size</th>
            </tr>
          </thead>
          <tbody>
            {outcome.left.map((row) => (
              <tr key={`${row.lu} ${row.keyDescription}`}>
                <td>
                  <Link to="/data" search={{ lu: row.lu, key: row.keyDescription }}>
                    {row.lu}
                  </Link>
                </td>
                <td>
                  <Identifier text={row.keyDescription} />
                </td>
                <td className="number">{figure(row.instances)}</td>
                <td className="number">{size(row.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

const COLUMNS: readonly TableColumn<CampaignFailureView>[] = [
  { id: 'lu', header: 'Logical Unit', value: (each) => each.lu, width: 'minmax(100px, 1fr)' },
  { id: 'id', header: 'Instance', value: (each) => each.id, cell: (each) => <Link to="/data/$lu/$id" params={{ lu: each.lu, id: each.id }}>{each.id}</Link>, width: 'minmax(90px, 1fr)' },
  { id: 'code', header: 'Reason', value: (each) => each.code, cell: (each) => <code>{each.code}</code>, width: 'minmax(220px, 2fr)' },
  { id: 'message', header: 'What it means', value: (each) => `${each.message} ${each.remedy}`, cell: (each) => <span title={`${each.message} ${each.remedy}`}>{each.message}</span>, width: 'minmax(200px, 4fr)' },
  { id: 'key', header: 'Under', value: (each) => each.keyDescription, cell: (each) => <Identifier text={each.keyDescription} />, width: 'minmax(140px, 2fr)', yields: 1 },
  { id: 'at', header: 'When', value: (each) => each.at, cell: (each) => <Time at={each.at} />, width: '110px', yields: 2 },
];

function Failures({ campaign }: { campaign: CampaignView }): ReactNode {
  const client = useQueryClient();
  const failures = useInfiniteQuery(queries.campaignFailures(campaign.id));
  const rows = useMemo(() => failures.data?.pages.flatMap((page) => page.failures) ?? [], [failures.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = failures;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const retry = useMutation({
    mutationFn: () => ask((c) => c.rekey.retry({ id: campaign.id })),
    onSettled: () => client.invalidateQueries({ queryKey: ['rekey'] }),
  });
  const ended = campaign.state === 'done' || campaign.state === 'cancelled' || campaign.state === 'failed';
  return (
    <Section
      title="Left as they were"
      className="campaign-failures"
      acts={
        <Button variant="default" disabled={!ended} loading={retry.isPending} onClick={() => retry.mutate()} title={ended ? '' : 'When the campaign has ended'}>
          Retry these
        </Button>
      }
    >
      {retry.error === null ? null : <FailurePanel failure={asFailure(retry.error)} />}
      {retry.data === undefined ? null : (
        <p role="status">
          <StateBadge state={retry.data.failed === 0 ? 'done' : 'warning'} word={`${counted(retry.data.retried, 'instance')} tried again: ${figure(retry.data.rewritten)} re-encrypted, ${figure(retry.data.unneeded)} need it no longer, ${figure(retry.data.failed)} failed again`} />
        </p>
      )}
      {failures.error !== null ? (
        <FailurePanel failure={asFailure(failures.error)} retry={() => void failures.refetch()} />
      ) : (
        <DataTable
          label="Instances left as they were"
          columns={COLUMNS}
          rows={rows}
          rowKey={(each) => `${each.lu} ${each.id}`}
          exportAs="rekey-failures"
          onEnd={more}
          empty={<p>{failures.isPending ? 'Reading the failures …' : 'None is left.'}</p>}
          {...(hasNextPage ? { total: campaign.failed } : {})}
        />
      )}
    </Section>
  );
}
