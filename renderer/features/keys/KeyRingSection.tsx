import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Section } from '../../ui/Section.tsx';
import { RingNotes } from '../ring/RingNotes.tsx';
import { RingPicture } from '../ring/RingPicture.tsx';

/** Which node of the cluster holds which bytes of a generation; nothing where the database is one file. */
export function KeyRingSection({ description }: { description: string }): ReactNode {
  const status = useQuery(queries.status());
  const ring = useQuery({ ...queries.ring(description), enabled: status.data?.database.kind === 'cassandra' });
  if (status.data?.database.kind !== 'cassandra') return null;
  return (
    <Section title="Where its bytes lie">
      <Answered query={ring} what="Asking the cluster for its ring">
        {({ ring: found }) =>
          found === null ? null : (
            <>
              <RingNotes ring={found} />
              <RingPicture ring={found} />
            </>
          )
        }
      </Answered>
    </Section>
  );
}
