import type { ReactNode } from 'react';
import { FailurePanel, type FailureText } from '../../ui/FailurePanel.tsx';
import { Time } from '../../ui/Time.tsx';

/** Above a page while the profile does not answer: why, and how old is what stands below. */
export function Stale({ failure, readAt, retry }: { failure: FailureText; readAt: number; retry: () => void }): ReactNode {
  return (
    <div className="stale">
      <FailurePanel failure={failure} retry={retry} />
      <p className="quiet">
        What is shown was read <Time at={readAt} /> and may have changed. The database is asked again every few seconds; the page goes on by itself.
      </p>
    </div>
  );
}
