import type { ReactNode } from 'react';
import type { FindingView } from '../../../app/contract/config.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';

export const SEVERITY_WORDS: Readonly<Record<FindingView['severity'], string>> = { critical: 'Critical', warning: 'Warning', note: 'Note' };

/** Findings with their place, what is wrong and what to do. */
export function FindingList({ findings, place }: { findings: readonly FindingView[]; place: (finding: FindingView) => string }): ReactNode {
  return (
    <ul className="config-findings">
      {findings.map((finding) => (
        <li key={`${finding.code} ${finding.where.file} ${finding.where.line ?? ''} ${finding.where.key ?? ''} ${finding.what}`}>
          <StateBadge state={finding.severity} word={SEVERITY_WORDS[finding.severity]} />
          <div>
            <p>
              <span className="config-place">{place(finding)}</span> {finding.what}
            </p>
            <p className="quiet">{finding.remedy}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** `node-2, line 12`. */
export function placeInNodes({ where: { node, line, file } }: FindingView): string {
  const config = /[^/\\]+$/.exec(file)?.[0] ?? file;
  return `${node ?? file}${line === null ? '' : `, ${config === 'config.ini' ? '' : `${config} `}line ${line}`}:`;
}
