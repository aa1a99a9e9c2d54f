import type { Activation, GenerationRecord } from '../systemdb/repositories.ts';
import type { GenerationState } from './types.ts';

/** A generation with what its activation says of it. */
export interface Generation extends GenerationRecord {
  readonly state: GenerationState;
  readonly activatedAt: number | null;
  /** When the next generation of the name took over. */
  readonly deactivatedAt: number | null;
}

/** Puts facts and activations together; ordered by name, then activation (never activated last). */
export function generationsOf(records: readonly GenerationRecord[], activations: readonly Activation[]): Generation[] {
  const byDescription = new Map(activations.map((activation) => [activation.description, activation]));
  const byRevision = new Map(activations.map((activation) => [`${activation.name}\n${activation.revision}`, activation]));
  return records
    .map((record): Generation => {
      const activation = byDescription.get(record.description);
      if (activation === undefined) return { ...record, state: 'pre-active', activatedAt: null, deactivatedAt: null };
      const next = byRevision.get(`${activation.name}\n${activation.revision + 1}`);
      return {
        ...record,
        state: next === undefined ? 'active' : 'deactivated',
        activatedAt: activation.activatedAt,
        deactivatedAt: next?.activatedAt ?? null,
      };
    })
    .sort((a, b) => compare(a.name, b.name) || (a.activatedAt ?? Infinity) - (b.activatedAt ?? Infinity) || compare(a.description, b.description));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
