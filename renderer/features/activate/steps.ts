import type { ConsoleEvent } from '../../../app/contract/events.ts';

export type ActivationEvent = Extract<ConsoleEvent, { type: 'activation' }>;

/** The steps of an activation in their order, in words. */
export const STEPS = [
  { step: 'generated', title: 'Generated' },
  { step: 'wrapped', title: 'Wrapped' },
  { step: 'stored', title: 'Stored' },
  { step: 'read-back', title: 'Read back' },
  { step: 'verified', title: 'Verified' },
  { step: 'described', title: 'Described' },
  { step: 'active', title: 'Active' },
] as const;

export interface StepState {
  readonly title: string;
  readonly state: 'waiting' | 'running' | 'done' | 'stopped';
  readonly note: string;
}

/** Where an activation stands after these events; `ended` where no more will come. */
export function stepStates(events: readonly ActivationEvent[], ended: 'no' | 'well' | 'badly'): StepState[] {
  const last = events.findLast((event) => event.step !== 'failed' && event.step !== 'lost');
  const stripes = events.findLast((event) => event.stripes !== null)?.stripes ?? null;
  const storing = last?.step === 'stored' && stripes !== null && stripes.stored < stripes.total;
  const reached = ended === 'well' ? STEPS.length : STEPS.findIndex(({ step }) => step === last?.step) + (storing ? 0 : 1);
  return STEPS.map(({ step, title }, index) => ({
    title,
    state: index < reached ? 'done' : index > reached ? 'waiting' : ended === 'badly' ? 'stopped' : 'running',
    note: step === 'stored' && stripes !== null ? `${stripes.stored} of ${stripes.total} stripes` : '',
  }));
}

/** What is true after an activation that stopped: nothing that was readable depends on it. */
export function truthAfter(name: string, stillActive: string | null, reached: readonly StepState[]): string[] {
  const stored = reached.some((step) => step.title === 'Stored' && (step.state === 'done' || step.note !== ''));
  return [
    stillActive === null ? `No generation of ${name} is active.` : `${stillActive} is the active generation of ${name}; what is saved now is encrypted under it.`,
    'Every instance stays as readable as it was: an activation never touches stored data or older generations.',
    stored ? 'Stripes of the new key may be left in the database. They protect nothing; verifying the keys names them, and they can be removed.' : 'Nothing of the new key was stored.',
  ];
}
