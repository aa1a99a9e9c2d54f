import type { ReactNode } from 'react';
import type { Output } from '../../../app/contract/index.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';

/** What becomes of every node's file, as a unified diff; secrets are dots already. */
export function Diffs({ changes }: { changes: Output<'config.plan'>['changes'] }): ReactNode {
  return (
    <ul className="config-diffs" aria-label="Difference for every node">
      {changes.map(({ node, file, changed, diff }) => (
        <li key={node}>
          <p>
            <strong>{node}</strong> <code className="quiet wraps">{file}</code>
          </p>
          {changed ? (
            <pre tabIndex={0} role="group" aria-label={`Difference on ${node}`}>
              {body(diff).map((line, index) => (
                <span key={index} className={KINDS[line[0] ?? ''] ?? ''}>
                  {line}
                  {'\n'}
                </span>
              ))}
            </pre>
          ) : (
            <StateBadge state="done" word="is so already" />
          )}
        </li>
      ))}
    </ul>
  );
}

const KINDS: Readonly<Record<string, string>> = { '-': 'diff-gone', '+': 'diff-new', '@': 'quiet' };

/** Without its two head lines, which name the file once more. */
function body(diff: string): string[] {
  return diff.replace(/\n$/, '').split('\n').slice(2);
}
