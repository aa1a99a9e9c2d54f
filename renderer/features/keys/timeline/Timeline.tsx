import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { GenerationView, KeyMark } from '../../../../app/contract/keys.ts';
import { counted, exactUtc, figure } from '../../../format.ts';
import { exportName } from '../../../ui/export.ts';
import { useSaving } from '../../../ui/saving.ts';
import { StateBadge } from '../../../ui/StateBadge.tsx';
import { usePageKeys, type PageKey } from '../../frame/page-keys.ts';
import { wantedHeight } from './geometry.ts';
import type { Hit } from './hit.ts';
import { listen } from './input.ts';
import { TimelineView } from './view.ts';
import './timeline.css';

const KEYS: readonly PageKey[] = [
  { keys: ['+', '−'], does: 'Timeline: zoom' },
  { keys: ['←', '→'], does: 'Timeline: pan' },
  { keys: ['[', ']'], does: 'Timeline: the generation before, after' },
  { keys: ['↑', '↓'], does: 'Timeline: another key name' },
  { keys: ['Shift', 'wheel'], does: 'Timeline: the lanes below' },
  { keys: ['0'], does: 'Timeline: all of time' },
  { keys: ['Shift', 'drag'], does: 'Timeline: choose a stretch' },
];

export interface TimelineProps {
  readonly keys: readonly GenerationView[];
  readonly names: readonly string[];
  readonly marks: readonly KeyMark[];
  readonly now: number;
  readonly selected: string | undefined;
  readonly onChoose: (description: string, open: boolean) => void;
}

/** Lanes of key generations in time. The table beside it holds the same for those who read. */
export function Timeline({ keys, names, marks, now, selected, onChoose }: TimelineProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const choose = useRef(onChoose);
  const [view, setView] = useState<TimelineView | null>(null);
  const [hover, setHover] = useState<Hit | null>(null);
  const saveFile = useSaving();
  usePageKeys(KEYS);
  useEffect(() => {
    choose.current = onChoose;
  }, [onChoose]);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const made = new TimelineView(element, {
      onHover: (hit, x, y) => {
        setHover((before) => (before?.lane === hit?.lane && before?.first === hit?.first && before?.last === hit?.last && before?.part === hit?.part ? before : hit));
        placeTip(tip.current, element, x, y);
      },
    });
    const stop = listen(element, made, { choose: (description, open) => choose.current(description, open) });
    const sized = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      if (box !== undefined) made.resize(Math.floor(box.width), Math.floor(box.height), devicePixelRatio);
    });
    sized.observe(element);
    const themed = new MutationObserver(() => made.retheme());
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    setView(made);
    return () => {
      stop();
      sized.disconnect();
      themed.disconnect();
      made.dispose();
    };
  }, []);

  useEffect(() => view?.setData(keys, names, marks, now), [view, keys, names, marks, now]);
  useEffect(() => view?.select(selected ?? null, true), [view, selected, keys]);

  const lanes = new Set(keys.filter((each) => each.activatedAt !== null).map((each) => each.name)).size;
  const lane = hover === null ? undefined : view?.lanes[hover.lane];
  return (
    <div className="timeline">
      <div className="timeline-tools">
        <span className="quiet timeline-hint" id="timeline-hint">
          Wheel zooms, drag pans, Shift and drag chooses a stretch
        </span>
        <span className="spring" />
        <button type="button" className="tool" onClick={() => view?.zoomStep(0.6)} aria-label="Zoom in">
          +
        </button>
        <button type="button" className="tool" onClick={() => view?.zoomStep(1 / 0.6)} aria-label="Zoom out">
          −
        </button>
        <button type="button" className="tool" onClick={() => view?.fitAll()}>
          All
        </button>
        <button
          type="button"
          className="tool"
          onClick={() => {
            const at = Date.now();
            void view?.toPng().then((picture) => saveFile(exportName('master-keys', 'png', at), picture));
          }}
        >
          PNG
        </button>
      </div>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="timeline"
        aria-label={`Timeline of ${counted(keys.length, 'generation')} under ${counted(lanes, 'key name')}. The table below holds the same.`}
        aria-describedby="timeline-hint"
        style={{ blockSize: wantedHeight(lanes) }}
      />
      <div ref={tip} className="timeline-tip" hidden={lane === undefined} aria-hidden="true">
        {hover !== null && lane !== undefined ? <TipText hit={hover} generations={lane.generations} total={lane.instances} /> : null}
      </div>
    </div>
  );
}

/** Keeps the words beside the pointer and inside of the picture. */
function placeTip(tip: HTMLDivElement | null, canvas: HTMLCanvasElement, x: number, y: number): void {
  if (tip === null) return;
  const width = Math.max(tip.offsetWidth, 280);
  const left = x + 16 + width > canvas.clientWidth ? x - 16 - width : x + 16;
  tip.style.transform = `translate(${Math.max(0, left)}px, ${canvas.offsetTop + y + 14}px)`;
}

function TipText({ hit, generations, total }: { hit: Hit; generations: readonly GenerationView[]; total: number }): ReactNode {
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
