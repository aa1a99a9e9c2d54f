import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AuditRecordView } from '../../../app/contract/audit.ts';
import { queries } from '../../api.ts';
import { exactUtc, figure } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { contextFacts } from './context.ts';

/** One record with its place in the chain. */
export function RecordPanel({ seq, onClose }: { seq: number; onClose: () => void }): ReactNode {
  const record = useQuery(queries.auditRecord(seq));
  return (
    <Panel title={`Audit record ${figure(seq)}`} onClose={onClose}>
      <Answered query={record} what="Reading the record">
        {(value) => <RecordFacts record={value} />}
      </Answered>
    </Panel>
  );
}

function RecordFacts({ record }: { record: AuditRecordView }): ReactNode {
  const context = contextFacts(record.context);
  return (
    <>
      <Facts
        facts={[
          ['Act', <strong key="a">{record.act}</strong>],
          ['Object', <code key="o" className="wraps">{record.object}</code>],
          ['Outcome', <StateBadge key="s" state={record.outcome} />],
          ['By', record.actor],
          ['When', <span key="w">{exactUtc(record.at)} <span className="quiet">(<Time at={record.at} />)</span></span>],
          ...(record.completes === null
            ? []
            : [
                [
                  'Completes',
                  <Link key="c" to="/audit/$seq" params={{ seq: String(record.completes) }}>
                    record {figure(record.completes)}
                  </Link>,
                ] as const,
              ]),
        ]}
      />
      <Section title="Context">{context.length === 0 ? <p className="quiet">None was given.</p> : <Facts facts={context.map(([name, value]) => [name, <code key={name} className="wraps">{value}</code>] as const)} />}</Section>
      <Section title="Chain" acts={<CopyButton text={record.hash} what="hash" />}>
        <Facts
          facts={[
            ['Hash', <code key="h" className="wraps">{record.hash}</code>],
            ['Covers', <code key="p" className="wraps">{record.previous}</code>],
            [
              'Neighbours',
              <span key="n" className="neighbours">
                {record.seq > 1 ? (
                  <Link to="/audit/$seq" params={{ seq: String(record.seq - 1) }}>
                    {figure(record.seq - 1)}
                  </Link>
                ) : null}
                <Link to="/audit/$seq" params={{ seq: String(record.seq + 1) }}>
                  {figure(record.seq + 1)}
                </Link>
              </span>,
            ],
          ]}
        />
      </Section>
    </>
  );
}
