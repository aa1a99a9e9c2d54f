import type { ReactNode } from 'react';
import type { ReplacementStep } from '../../../app/contract/kms-replace.ts';
import { latency } from '../../format.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';

const BADGES: Readonly<Record<ReplacementStep['state'], readonly [state: string, word: string]>> = {
  running: ['running', 'now'],
  done: ['done', 'holds'],
  warning: ['warning', 'look at it'],
  failed: ['failed', 'failed'],
  skipped: ['cancelled', 'not run'],
};

/** A check holds, an act is done. */
function isAct(id: string): boolean {
  return id === 'config' || id.startsWith('activate ');
}

/** Checks and steps as they are told, each with what it found and how long it took. */
export function StepList({ label, steps }: { label: string; steps: readonly ReplacementStep[] }): ReactNode {
  return (
    <ol className="replace-steps" aria-live="polite" aria-label={label}>
      {steps.map(({ id, title, state, detail, ms, failure }) => (
        <li key={id}>
          <StateBadge state={BADGES[state][0]} word={state === 'done' && isAct(id) ? 'done' : BADGES[state][1]} />
          <div>
            <p>{title}</p>
            {detail === '' ? null : <p className="quiet">{detail}</p>}
            {failure === null ? null : (
              <p className="quiet">
                {failure.remedy} <code>{failure.code}</code>
              </p>
            )}
          </div>
          <span className="quiet number">{ms === null ? '' : latency(ms)}</span>
        </li>
      ))}
    </ol>
  );
}
