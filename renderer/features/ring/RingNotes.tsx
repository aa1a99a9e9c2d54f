import type { ReactNode } from 'react';
import type { Ring } from '../../../app/contract/cluster.ts';
import { ringNotes } from './sentence.ts';

/** What is wrong with where the bytes of a key lie, or why nothing is. */
export function RingNotes({ ring }: { ring: Ring }): ReactNode {
  const { worries, calm } = ringNotes(ring);
  return (
    <div className="ring-notes">
      <p className="quiet">
        {ring.replication}. {calm}
      </p>
      {worries.length === 0 ? null : (
        <ul className="warnings">
          {worries.map((worry) => (
            <li key={worry}>{worry}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
