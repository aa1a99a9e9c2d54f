import type { ReactNode } from 'react';
import type { KeyMark } from '../../../../app/contract/keys.ts';
import { counted, exactUtc, figure } from '../../../format.ts';
import { StateBadge } from '../../../ui/StateBadge.tsx';
import type { BarHit, Hit } from './hit.ts';
import type { Lane } from './layout.ts';
import { markAfter, markTitle } from './mark-words.ts';

/** So many marks of one place are told one by one. */
const MOST = 6;

/** The words beside what is under the pointer, or has the focus. */
export function TipText({ hit, lanes }: { hit: Hit; lanes: readonly Lane[] }): ReactNode {
  if (hit.part === 'mark') return <MarksTip marks={hit.marks} />;
  const lane = lanes[hit.lane];
  return lane === undefined ? null : <BarTip hit={hit} lane={lane} />;
}

function MarksTip({ marks }: { marks: readonly KeyMark[] }): ReactNode {
  const shown = marks.slice(-MOST).toReversed();
  return (
    <>
      {shown.map((mark, index) => (
        <div key={index} className="timeline-tip-mark">
          <p>
            <strong>{markTitle(mark)}</strong>
          </p>
          <p className="quiet">
            {exactUtc(mark.at)}
            {mark.actor === null ? '' : ` by ${mark.actor}`}
          </p>
          <p>{markAfter(mark)}</p>
        </div>
      ))}
      {marks.length > MOST ? <p className="quiet">and {figure(marks.length - MOST)} before</p> : null}
      <p className="quiet">{marks.length === 1 ? 'Click or Enter opens it.' : 'Too near each other to be told apart: click to zoom in.'}</p>
    </>
  );
}

function BarTip({ hit, lane: { generations, instances: total } }: { hit: BarHit; lane: Lane }): ReactNode {
  const first = generations[hit.first];
  const last = generations[hit.last];
  if (first === undefined || last === undefined) return null;
  if (hit.first !== hit.last) {
    return (
      <>
        <p>
          <strong>{counted(hit.last - hit.first + 1, 'generation')}</strong>, too near each other to be told apart
        </p>
        <p className="quiet">
          {exactUtc(first.activatedAt ?? 0)} to {exactUtc(last.activatedAt ?? 0)}
        </p>
        <p className="quiet">Click to zoom in.</p>
      </>
    );
  }
  return (
    <>
      <p>
        <code>{first.description}</code>
      </p>
      <p>
        <StateBadge state={first.failure === null ? first.state : 'unusable'} /> · #{figure(hit.first + 1)} · <code>{first.fingerprint}</code>
      </p>
      <p className="quiet">
        {exactUtc(first.activatedAt ?? 0)}
        {first.deactivatedAt === null ? ' until now' : ` to ${exactUtc(first.deactivatedAt)}`}
      </p>
      <p>
        {first.instances === 0 ? 'No instance needs it.' : `${figure(first.instances)} of ${counted(total, 'instance')} of this key ${first.instances === 1 ? 'needs' : 'need'} it.`}
      </p>
    </>
  );
}
