import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asFailure } from '../api.ts';
import { FailurePanel } from './FailurePanel.tsx';
import { Waiting } from './Waiting.tsx';

/** Shows `children` with the answer of a question; until then what is waited for, or why there is none. */
export function Answered<T>({ query, what, children }: { query: UseQueryResult<T>; what: string; children: (value: T) => ReactNode }): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <FailurePanel failure={asFailure(query.error)} retry={() => void query.refetch()} />;
  return <Waiting what={what} />;
}
