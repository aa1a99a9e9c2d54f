import { figure } from '../../format.ts';

/** The steps of the throttle, instances a second; the last is no limit. */
const STEPS: readonly (number | null)[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, null];

export const LAST_STEP = STEPS.length - 1;

export function rateAt(step: number): number | null {
  return STEPS[Math.max(0, Math.min(LAST_STEP, Math.round(step)))] ?? null;
}

/** The step nearest to a rate, as ratios go. */
export function stepOf(rate: number | null): number {
  if (rate === null) return LAST_STEP;
  let nearest = 0;
  STEPS.forEach((step, index) => {
    if (step !== null && Math.abs(Math.log(step / rate)) < Math.abs(Math.log((STEPS[nearest] ?? 1) / rate))) nearest = index;
  });
  return nearest;
}

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/** A limit as it was given: the command line takes fractions of up to three digits. */
export function limitFigure(limit: number): string {
  return exact.format(limit);
}

export function rateInWords(rate: number | null): string {
  return rate === null ? 'no limit' : `${rate < 10 && !Number.isInteger(rate) ? rate.toFixed(1) : figure(rate)} a second`;
}
