import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Finding, Overview } from '../../../app/contract/overview.ts';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Shape } from '../../ui/Shape.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Jobs } from './Jobs.tsx';
import { KeysInTime } from './KeysInTime.tsx';
import { LastActs } from './LastActs.tsx';
import { InstancesByState, Latencies } from './Pictures.tsx';
import { overviewSentence, startingSentence } from './sentence.ts';
import './overview.css';

/** Is everything readable, and what needs the admin? */
export function OverviewPage(): ReactNode {
  const status = useQuery(queries.status());
  const overview = useQuery(queries.overview());
  const jobs = useQuery(queries.jobs());
  const now = useNow();
  const shownJobs = (jobs.data?.jobs ?? []).filter((job) => job.state === 'running' || job.state === 'paused' || job.state === 'failed');
  if (status.data?.state === 'starting') {
    return (
      <div className="page">
        <Sentence {...startingSentence(jobs.data?.jobs ?? [])} />
        <Section title="First start">
          <p className="quiet">Every instance is sealed under its own key, derived from the active master key, before it is stored. The window can be used meanwhile.</p>
          <Jobs jobs={jobs.data?.jobs ?? []} />
        </Section>
      </div>
    );
  }
  return (
    <div className="page">
      <Answered query={overview} what="Counting instances and keys">
        {(value) => (
          <>
            <Sentence {...overviewSentence(value, now)}>
              <ActivateButton />
            </Sentence>
            {shownJobs.length === 0 ? null : (
              <Section title="Jobs">
                <Jobs jobs={shownJobs} />
              </Section>
            )}
            <Findings findings={value.findings} empty={value.empty} />
            {value.empty ? <FirstSteps overview={value} /> : <Pictures overview={value} />}
            <LastActs />
          </>
        )}
      </Answered>
    </div>
  );
}

/** The main act of the product, on the pages where it is looked for. */
export function ActivateButton(): ReactNode {
  const navigate = useNavigate();
  return <Button onClick={() => void navigate({ to: '/activate' })}>Activate new key</Button>;
}

function Findings({ findings, empty }: { findings: readonly Finding[]; empty: boolean }): ReactNode {
  const { history } = useRouter();
  if (findings.length === 0) {
    return empty ? null : (
      <Section title="What needs you">
        <p className="nothing-found">
          <StateBadge state="intact" word="Nothing: no finding is open." />
        </p>
      </Section>
    );
  }
  return (
    <Section title="What needs you">
      <ul className="findings">
        {findings.map((finding) => (
          <li key={finding.id}>
            <StateBadge state={finding.severity} word={SEVERITY_WORDS[finding.severity]} />
            <div>
              <p className="finding-what">{finding.what}</p>
              <p className="quiet">
                {finding.evidence} {finding.remedy}
              </p>
            </div>
            {finding.action === null ? null : (
              <Button variant="default" onClick={() => history.push(finding.action?.to ?? '/')}>
                {finding.action.label}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

const SEVERITY_WORDS: Readonly<Record<Finding['severity'], string>> = { critical: 'Critical', warning: 'Warning', note: 'Note' };

function Pictures({ overview }: { overview: Overview }): ReactNode {
  return (
    <div className="pictures">
      <Section title="Instances by the key that they need">
        <InstancesByState overview={overview} />
      </Section>
      <Section title="Keys in time" acts={<Link to="/keys">All master keys</Link>}>
        <KeysInTime />
      </Section>
      <Section title="What the keys depend on">
        <Latencies latencies={overview.latencies} />
      </Section>
    </div>
  );
}

function FirstSteps({ overview }: { overview: Overview }): ReactNode {
  const hasKey = overview.generations > 0;
  return (
    <Section title="Three steps">
      <ol className="first-steps">
        <Step done title="Connect a database">
          The system database is open; its place stands in the header. <Link to="/settings">Another profile</Link> opens another one.
        </Step>
        <Step done={hasKey} title="Make the first master key">
          {hasKey ? (
            'A generation is active. It encrypts what is saved from now on.'
          ) : (
            <>
              <Link to="/activate">Activate a key</Link>: it is generated, protected, stored in stripes and read back before anything is encrypted with it.
            </>
          )}
        </Step>
        <Step done={false} title="Import or point at data">
          Import a SQLite file or a folder of CSV files as a Logical Unit: <code>fkc lu import CUSTOMER --definition customer.json --source customers/</code>
        </Step>
      </ol>
    </Section>
  );
}

function Step({ done, title, children }: { done: boolean; title: string; children: ReactNode }): ReactNode {
  return (
    <li className={done ? 'step-done' : ''}>
      <span className="step-mark">
        <Shape name={done ? 'check' : 'ring'} size={16} />
        <span className="hidden-text">{done ? 'Done:' : 'To do:'}</span>
      </span>
      <div>
        <h3>{title}</h3>
        <p>{children}</p>
      </div>
    </li>
  );
}
