import type { ReactNode } from 'react';
import type { ReplacedName, ReplacementPlan } from '../../../app/contract/kms-replace.ts';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { Diffs } from '../configuration/Diffs.tsx';
import '../configuration/configuration.css';
import { Dependents } from './Dependents.tsx';

interface PlanViewProps {
  readonly plan: ReplacementPlan;
  readonly busy: boolean;
  /** Another choice of what is activated. */
  readonly onChoose: (name: ReplacedName, activate: boolean) => void;
}

/** What a replacement would change, and what it would not. */
export function PlanView({ plan, busy, onChoose }: PlanViewProps): ReactNode {
  if (plan.refusal !== null) return null;
  return (
    <>
      {plan.warnings.length === 0 ? null : (
        <ul className="warnings">
          {plan.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <Section title="config.ini of every node">
        <Diffs changes={plan.changes} />
      </Section>
      <Section title="Master keys" acts={plan.calls.length === 0 ? undefined : <span className="quiet">calls: {plan.calls.map(({ operation, times }) => `${operation} ${times}`).join(', ')}</span>}>
        <ul className="replace-names">
          {plan.names.map((name) => (
            <li key={name.name}>
              <label>
                <input type="checkbox" checked={name.then !== 'stays'} disabled={busy || name.then === 'already'} onChange={(event) => onChoose(name, event.currentTarget.checked)} />
                <code>{name.name}</code>
              </label>
              <div>
                <p>
                  {WORDS[name.then]} <span className="quiet">{name.why}</span>
                </p>
                {name.active === null ? null : (
                  <p className="quiet replace-active">
                    now <Identifier text={name.active} /> under {name.under}
                  </p>
                )}
                {name.command === null ? null : (
                  <details>
                    <summary>
                      <code className="wraps replace-command">{name.command}</code>
                    </summary>
                    <ol>
                      {name.steps.map(({ id, title, detail }) => (
                        <li key={id}>
                          {title}: <span className="quiet">{detail}</span>
                        </li>
                      ))}
                    </ol>
                  </details>
                )}
              </div>
            </li>
          ))}
        </ul>
      </Section>
      <Dependents dependents={plan.dependents} census={plan.census} />
    </>
  );
}

const WORDS: Readonly<Record<ReplacedName['then'], string>> = { activate: 'Gets a new generation:', already: 'Done already:', stays: 'Stays as it is:' };
