import type { ReactNode } from 'react';
import { Shape, type ShapeName } from '../../ui/Shape.tsx';
import type { StepState } from './steps.ts';

const SHAPES: Readonly<Record<StepState['state'], ShapeName>> = { waiting: 'ring', running: 'half', done: 'check', stopped: 'cross' };
const WORDS: Readonly<Record<StepState['state'], string>> = { waiting: 'to come', running: 'now', done: 'done', stopped: 'stopped here' };

/** The steps of an activation while it runs. */
export function Progress({ steps }: { steps: readonly StepState[] }): ReactNode {
  return (
    <ol className="progress-steps" aria-live="polite" aria-label="Steps of the activation">
      {steps.map((step) => (
        <li key={step.title} className={`progress-${step.state}`}>
          <Shape name={SHAPES[step.state]} size={15} />
          <strong>{step.title}</strong>
          <span className="quiet">{step.note === '' ? WORDS[step.state] : step.note}</span>
        </li>
      ))}
    </ol>
  );
}
