import { useId, type ReactNode } from 'react';
import { SCALES, stepOf, type LimitName } from './rates.ts';

/** One limit of a campaign: a slider, and what it stands at in words. */
export function LimitSlider({ name, value, onChange }: { name: LimitName; value: number | null; onChange: (value: number | null) => void }): ReactNode {
  const id = useId();
  const scale = SCALES[name];
  return (
    <div className="throttle">
      <label htmlFor={id}>{scale.label}</label>
      <input id={id} type="range" min={0} max={scale.steps.length - 1} step={1} value={stepOf(scale, value)} aria-valuetext={scale.words(value)} onChange={(event) => onChange(scale.steps[Number(event.currentTarget.value)] ?? null)} />
      <output htmlFor={id}>{scale.words(value)}</output>
    </div>
  );
}
