import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Section } from '../../ui/Section.tsx';
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
              <p className="quiet">
                {found.replication}. {found.holdsAll.length > 0 ? 'A node that holds every byte makes the striping worthless there. ' : ''}
                {found.losesWith === null ? '' : found.losesWith === 1 ? 'The key is lost where any one node that holds a byte is lost.' : `The key is lost where ${found.losesWith} nodes that hold the same byte are lost together.`}
              </p>
              <RingPicture ring={found} />
            </>
          )
        }
      </Answered>
    </Section>
  );
}
