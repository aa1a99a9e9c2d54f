import { useEffect, useState, type ReactNode } from 'react';

/** After this many milliseconds a wait is explained. */
const PATIENCE = 300;

/** Says what is waited for, once it takes long enough to be noticed. */
export function Waiting({ what }: { what: string }): ReactNode {
  const [noticed, setNoticed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setNoticed(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p className="waiting" role="status">
      {noticed ? `${what} …` : ''}
    </p>
  );
}
