import type { ReactNode } from 'react';
import { exactUtc, relativeTime } from '../format.ts';
import { useNow } from './clock.ts';

/** A moment as "3 days ago", with the exact UTC time on hover. */
export function Time({ at }: { at: number }): ReactNode {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exactUtc(at)}>
      {relativeTime(at, Math.max(now, Math.min(at, now + 1000)))}
    </time>
  );
}
