import type { CampaignView, RekeyLimitsInput } from '../../../app/contract/rekey.ts';
import { figure } from '../../format.ts';

export type LimitName = keyof CampaignView['limits'];

/** A limit as a slider over a few steps; null is no limit. */
export interface LimitScale {
  readonly label: string;
  readonly steps: readonly (number | null)[];
  readonly words: (value: number | null) => string;
}

export const SCALES: Readonly<Record<LimitName, LimitScale>> = {
  instancesPerSecond: { label: 'Throttle', steps: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, null], words: rateInWords },
  mebibytesPerSecond: { label: 'Bytes', steps: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, null], words: bytesInWords },
  concurrency: { label: 'At once', steps: [1, 2, 4, 8, 16, 32, 64, 128, 256], words: (most) => (most === null ? 'no limit' : `${figure(most)} in each process`) },
};

/** The step nearest to a value, as ratios go. */
export function stepOf({ steps }: LimitScale, value: number | null): number {
  if (value === null) return steps.length - 1;
  let nearest = 0;
  steps.forEach((step, index) => {
    if (step !== null && Math.abs(Math.log(step / value)) < Math.abs(Math.log((steps[nearest] ?? 1) / value))) nearest = index;
  });
  return nearest;
}

/** As the contract takes it. */
export function limitsWith(name: LimitName, value: number | null): RekeyLimitsInput {
  if (name !== 'concurrency') return { [name]: value };
  return value === null ? {} : { concurrency: value };
}

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/** A limit as it was given: the command line takes fractions of up to three digits. */
export function limitFigure(limit: number): string {
  return exact.format(limit);
}

export function rateInWords(rate: number | null): string {
  return rate === null ? 'no limit' : `${rate < 10 && !Number.isInteger(rate) ? rate.toFixed(1) : figure(rate)} a second`;
}

export function bytesInWords(mebibytes: number | null): string {
  return mebibytes === null ? 'no limit' : `${limitFigure(mebibytes)} MiB a second`;
}
