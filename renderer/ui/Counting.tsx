import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { queries } from '../api.ts';
import { figure } from '../format.ts';

/** How far the census is that is taken first, where the standing one is too old. */
export function Counting({ what }: { what: string }): ReactNode {
  const jobs = useQuery(queries.jobs());
  const census = jobs.data?.jobs.find(({ kind, state }) => kind === 'census' && state === 'running');
  return (
    <p className="quiet" role="status">
      {census === undefined ? what : `${census.title} is being taken first: ${figure(census.done)}${census.total === null ? '' : ` of ${figure(census.total)}`} …`}
    </p>
  );
}
