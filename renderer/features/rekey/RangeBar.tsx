import { useId, type ReactNode } from 'react';
import type { CampaignView } from '../../../app/contract/rekey.ts';
import { rangesInWords } from './sentence.ts';

const HEIGHT = 100;
/** Where each state reaches, from the top: forms differ, not only colours. */
const TOP = { done: 0, running: 40, failed: 0, waiting: 84 } as const;
/** Up to so many ranges are drawn apart. */
const APART = 120;

/** A campaign's token ranges in their order: done ones stand full, running ones half and hatched, waiting ones lie flat, failed ones are crossed. */
export function RangeBar({ ranges, label }: { ranges: CampaignView['ranges']; label: string }): ReactNode {
  const pattern = useId();
  const total = ranges.done + ranges.running + ranges.failed + ranges.waiting;
  const parts: ReactNode[] = [];
  let at = 0;
  for (const bin of ranges.bins) {
    for (const state of ['done', 'failed', 'running', 'waiting'] as const) {
      if (bin[state] === 0) continue;
      const fill = state === 'running' || state === 'failed' ? { fill: `url(#${pattern}${state})` } : {};
      parts.push(<rect key={`${at} ${state}`} className={`range-${state}`} x={at} width={bin[state]} y={TOP[state]} height={HEIGHT - TOP[state]} {...fill} />);
      at += bin[state];
    }
    // What is behind a range that is not done stands full, from its own start.
    const open = bin.running + bin.waiting;
    if (bin.begun > 0) parts.push(<rect key={`${at} begun`} className="range-done" x={at - open} width={Math.min(open, bin.begun)} y={TOP.done} height={HEIGHT} />);
  }
  const gaps = total > 1 && total <= APART ? Array.from({ length: total - 1 }, (_, index) => <line key={index} className="range-gap" x1={index + 1} x2={index + 1} y1={0} y2={HEIGHT} />) : null;
  return (
    <svg className="range-bar" role="img" aria-label={`${label}: ${rangesInWords(ranges)}`} viewBox={`0 0 ${Math.max(1, total)} ${HEIGHT}`} preserveAspectRatio="none">
      <defs>
        <pattern id={`${pattern}running`} width={Math.max(1, total) / 160} height="16" patternUnits="userSpaceOnUse">
          <rect className="range-running-ground" width={Math.max(1, total) / 160} height="16" />
          <rect className="range-running-stripe" width={Math.max(1, total) / 320} height="16" />
        </pattern>
        <pattern id={`${pattern}failed`} width="100%" height="24" patternUnits="userSpaceOnUse">
          <rect className="range-failed-ground" width={Math.max(1, total)} height="24" />
          <rect className="range-failed-stripe" width={Math.max(1, total)} height="8" />
        </pattern>
      </defs>
      {parts}
      {gaps}
    </svg>
  );
}
