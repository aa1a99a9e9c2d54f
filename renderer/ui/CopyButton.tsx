import { useEffect, useState, type ReactNode } from 'react';

/** Copies `text`, and says so for a moment. */
export function CopyButton({ text, what }: { text: string; what: string }): ReactNode {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), 1800);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      className="link-button"
      aria-label={`Copy the ${what}`}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setSaid('Copied'),
          () => setSaid('Not allowed here'),
        );
      }}
    >
      <span aria-live="polite">{said ?? 'Copy'}</span>
    </button>
  );
}
