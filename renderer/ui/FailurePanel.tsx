import type { ReactNode } from 'react';
import { Button } from '@mantine/core';
import { Shape } from './Shape.tsx';

/** What a failure says to a person. */
export interface FailureText {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A failure: what it means, what to do, and its code. */
export function FailurePanel({ failure, retry, live = true }: { failure: FailureText; retry?: () => void; live?: boolean }): ReactNode {
  return (
    <div className="failure" role={live ? 'alert' : 'group'} aria-label="Failure">
      <Shape name="triangle" size={14} />
      <div>
        <p className="failure-message">{failure.message}</p>
        <p className="failure-remedy">{failure.remedy}</p>
        <p className="failure-code">
          <code>{failure.code}</code>
        </p>
      </div>
      {retry === undefined ? null : (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
