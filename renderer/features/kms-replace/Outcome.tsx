import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ReplacementResult } from '../../../app/contract/kms-replace.ts';
import { Section } from '../../ui/Section.tsx';
import { Dependents } from './Dependents.tsx';

/** What was done, and what comes next. */
export function Outcome({ result }: { result: ReplacementResult }): ReactNode {
  const backups = result.changes.flatMap(({ node, backup }) => (backup === null ? [] : [{ node, backup }]));
  const needed = result.dependents.some(({ instances }) => instances > 0);
  return (
    <>
      <Section title="What was done">
        <ul className="truths replace-done">
          <li>
            New master keys are wrapped under <code className="wraps">{result.keyId}</code>.
          </li>
          {result.activated.map(({ name, description }) => (
            <li key={name}>
              {name}:{' '}
              <Link to="/keys/$description" params={{ description }}>
                <code className="wraps">{description}</code>
              </Link>
            </li>
          ))}
          {backups.map(({ node, backup }) => (
            <li key={node}>
              The old file of {node}: <code className="wraps">{backup}</code>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Next">
        <ul className="truths replace-done">
          {result.next.map((step) => (
            <li key={step} className="wraps">
              {step}
            </li>
          ))}
        </ul>
        {needed ? (
          <p>
            <Link to="/rekey" search={{ open: 'plan' }}>
              Plan the rekey
            </Link>
          </p>
        ) : null}
      </Section>
      <Dependents dependents={result.dependents} census={result.census} />
    </>
  );
}
