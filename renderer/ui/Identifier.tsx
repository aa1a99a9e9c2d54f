import type { ReactNode } from 'react';

/** As many characters at the end as tell key descriptions apart. */
const TAIL = 9;

/** A monospaced identifier that is cut in the middle where there is no room for it; the whole stands in its title. */
export function Identifier({ text }: { text: string }): ReactNode {
  const head = text.length > TAIL * 2 ? text.slice(0, -TAIL) : text;
  return (
    <code className="identifier" title={text}>
      <span className={`identifier-head ${head === text ? 'identifier-whole' : ''}`}>{head}</span>
      {head === text ? null : <span className="identifier-tail">{text.slice(-TAIL)}</span>}
    </code>
  );
}
