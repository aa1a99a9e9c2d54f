import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { asFailure } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Sentence } from '../../ui/Sentence.tsx';

/** An address that leads nowhere. */
export function NotFound(): ReactNode {
  return (
    <div className="page">
      <Sentence tone="calm" text="There is no page at this address." />
      <p>
        <Link to="/">Go to the overview</Link>, or press Ctrl or ⌘ and K to look for what you want.
      </p>
    </div>
  );
}

/** A page that could not be drawn; the rest of the window works on. */
export function PageBroke({ error, reset }: { error: unknown; reset: () => void }): ReactNode {
  return (
    <div className="page">
      <Sentence tone="alarm" text="This page could not be shown." />
      <FailurePanel failure={asFailure(error)} retry={reset} />
    </div>
  );
}
