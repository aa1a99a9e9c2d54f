import type { ReactNode } from 'react';
import { Shape, type ShapeName } from './Shape.tsx';

export type Tone = 'plain' | 'accent' | 'ok' | 'warn' | 'alarm';

const STATES: Readonly<Record<string, readonly [ShapeName, Tone, string?]>> = {
  // generations (NIST SP 800-57)
  'pre-active': ['ring', 'plain'],
  active: ['disc', 'accent'],
  deactivated: ['half', 'plain'],
  unusable: ['triangle', 'alarm'],
  // sessions
  live: ['disc', 'ok', 'unlocked'],
  locked: ['square', 'warn'],
  starting: ['ring', 'accent'],
  // outcomes and jobs
  started: ['ring', 'plain'],
  running: ['ring', 'accent'],
  paused: ['bar', 'warn'],
  done: ['check', 'ok'],
  refused: ['bar', 'warn'],
  cancelled: ['bar', 'plain'],
  failed: ['cross', 'alarm'],
  // findings
  critical: ['triangle', 'alarm'],
  warning: ['diamond', 'warn'],
  note: ['ring', 'plain'],
  // integrity
  intact: ['check', 'ok'],
  broken: ['cross', 'alarm'],
  readable: ['check', 'ok'],
  unreadable: ['cross', 'alarm'],
};

/** A state: always its word and its shape; colour only helps. */
export function StateBadge({ state, word }: { state: string; word?: string }): ReactNode {
  const [shape, tone, usual] = STATES[state] ?? ['ring', 'plain'];
  return (
    <span className={`state state-${tone}`}>
      <Shape name={shape} />
      {word ?? usual ?? state}
    </span>
  );
}
