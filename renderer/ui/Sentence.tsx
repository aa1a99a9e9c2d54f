import type { ReactNode } from 'react';
import { Shape } from './Shape.tsx';

export type SentenceTone = 'calm' | 'worry' | 'alarm';

/** What a page says first. */
export interface SentenceText {
  readonly text: string;
  readonly tone: SentenceTone;
}

/** The answer to the page's question in one sentence, and the page's main act beside it. */
export function Sentence({ text, tone, children }: SentenceText & { children?: ReactNode }): ReactNode {
  return (
    <div className={`sentence sentence-${tone}`}>
      <h1>
        {tone === 'calm' ? null : (
          <>
            <Shape name={tone === 'alarm' ? 'triangle' : 'diamond'} size={15} />
            <span className="hidden-text">{tone === 'alarm' ? 'Critical: ' : 'Attention: '}</span>
          </>
        )}
        {text}
      </h1>
      {children === undefined ? null : <div className="sentence-acts">{children}</div>}
    </div>
  );
}
