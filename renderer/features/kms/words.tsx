import type { ReactNode } from 'react';
import type { KmsActName, KmsKeyView, KmsProviderView } from '../../../app/contract/kms.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';

export const ACT_WORDS: Readonly<Record<KmsActName, { readonly button: string; readonly title: string; readonly done: string }>> = {
  enable: { button: 'Enable…', title: 'Enable this KMS key', done: 'Enable' },
  disable: { button: 'Disable…', title: 'Disable this KMS key', done: 'Disable' },
  rotate: { button: 'Rotate now…', title: 'Rotate this KMS key', done: 'Rotate now' },
  'schedule-deletion': { button: 'Schedule deletion…', title: 'Schedule the deletion of this KMS key', done: 'Schedule the deletion' },
  'cancel-deletion': { button: 'Cancel deletion…', title: 'Call the deletion of this KMS key back', done: 'Call the deletion back' },
};

const STATES: Readonly<Record<NonNullable<KmsKeyView['state']>, string>> = {
  enabled: 'readable',
  disabled: 'paused',
  'pending-deletion': 'critical',
  'pending-import': 'pre-active',
  unavailable: 'failed',
};

/** The KMS's own word for the state of a key, with its shape. */
export function KeyState({ state, whyNot }: Pick<KmsKeyView, 'state' | 'whyNot'>): ReactNode {
  if (state !== null) return <StateBadge state={STATES[state]} word={state.replace('-', ' ')} />;
  if (whyNot === null) return <StateBadge state="started" word="being asked" />;
  return whyNot.code === 'KMS_KEY_NOT_FOUND' ? <StateBadge state="failed" word="not there" /> : <StateBadge state="warning" word="not known" />;
}

/** Whether a KMS answers. */
export function Answers({ answers }: Pick<KmsProviderView, 'answers'>): ReactNode {
  if (answers === 'yes') return <StateBadge state="readable" word="answers" />;
  return answers === 'no' ? <StateBadge state="failed" word="does not answer" /> : <StateBadge state="started" word="being asked" />;
}

const CIRCUITS = { closed: ['readable', 'calls go through'], open: ['failed', 'not asked for a while'], probing: ['warning', 'one call finds out'] } as const;

/** The state of a place's circuit breaker. */
export function Circuit({ circuit }: Pick<KmsProviderView['endpoints'][number], 'circuit'>): ReactNode {
  const [badge, word] = CIRCUITS[circuit];
  return <StateBadge state={badge} word={word} />;
}

export function rotationWords(rotation: KmsKeyView['rotation']): string {
  if (rotation === null) return '';
  return rotation.everyDays === null ? 'by hand' : `every ${rotation.everyDays} days`;
}
