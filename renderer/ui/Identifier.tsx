import type { ReactNode } from 'react';
import { middle } from '../format.ts';

/** A monospaced identifier, cut in the middle to `length` characters; the whole stands in its title. */
export function Identifier({ text, length = 34 }: { text: string; length?: number }): ReactNode {
  const shown = middle(text, length);
  return (
    <code className="identifier" {...(shown === text ? {} : { title: text })}>
      {shown}
    </code>
  );
}
