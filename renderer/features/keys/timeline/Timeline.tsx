import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import type { GenerationView, KeyMark } from '../../../../app/contract/keys.ts';
import { counted } from '../../../format.ts';
import { exportName } from '../../../ui/export.ts';
import { useSaving } from '../../../ui/saving.ts';
import { usePageKeys, type PageKey } from '../../frame/page-keys.ts';
import { wantedHeight } from './geometry.ts';
import { isSameHit, type Hit } from './hit.ts';
import { listen } from './input.ts';
import { markWords } from './mark-words.ts';
import { TipText } from './TipText.tsx';
import { TimelineView } from './view.ts';
import './timeline.css';

const KEYS: readonly PageKey[] = [
  { keys: ['+', '−'], does: 'Timeline: zoom' },
  { keys: ['←', '→'], does: 'Timeline: pan' },
  { keys: ['[', ']'], does: 'Timeline: the generation before, after' },
  { keys: [',', '.'], does: 'Timeline: the mark before, after' },
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
  readonly onOpenMark: (mark: KeyMark) => void;
}

/** Lanes of key generations in time. The table beside it holds the same for those who read. */
export function Timeline({ keys, names, marks, now, selected, onChoose, onOpenMark }: TimelineProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const place = useRef({ x: 0, y: 0 });
  const acts = useRef({ choose: onChoose, open: onOpenMark });
  const [view, setView] = useState<TimelineView | null>(null);
  const [hover, setHover] = useState<Hit | null>(null);
  const saveFile = useSaving();
  usePageKeys(KEYS);
  useEffect(() => {
    acts.current = { choose: onChoose, open: onOpenMark };
  }, [onChoose, onOpenMark]);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const made = new TimelineView(element, {
      onHover: (hit, x, y) => {
        setHover((before) => (isSameHit(before, hit) ? before : hit));
        place.current = { x, y };
        placeTip(tip.current, element, place.current);
      },
    });
    const stop = listen(element, made, { choose: (description, open) => acts.current.choose(description, open), open: (mark) => acts.current.open(mark) });
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

  // Its words have their size only now.
  useLayoutEffect(() => placeTip(tip.current, canvas.current, place.current), [hover]);
  useEffect(() => view?.setData(keys, names, marks, now), [view, keys, names, marks, now]);
  useEffect(() => view?.select(selected ?? null, true), [view, selected, keys]);

  const lanes = new Set(keys.filter((each) => each.activatedAt !== null).map((each) => each.name)).size;
  return (
    <div className="timeline">
      <div className="timeline-tools">
        <span className="quiet timeline-hint" id="timeline-hint">
          Wheel zooms, drag pans, Shift and drag chooses a stretch; , and . go through the marks
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
      <div ref={tip} className="timeline-tip" hidden={hover === null} aria-hidden="true">
        {hover === null ? null : <TipText hit={hover} lanes={view?.lanes ?? []} />}
      </div>
      <p className="hidden-text" role="status">
        {hover?.part === 'mark' ? hover.marks.map(markWords).join(' ') : ''}
      </p>
    </div>
  );
}

/** Keeps the words beside the pointer and inside of the picture. */
function placeTip(tip: HTMLDivElement | null, canvas: HTMLCanvasElement | null, { x, y }: { readonly x: number; readonly y: number }): void {
  if (tip === null || canvas === null) return;
  const width = Math.max(tip.offsetWidth, 280);
  const left = x + 16 + width > canvas.clientWidth ? x - 16 - width : x + 16;
  tip.style.transform = `translate(${Math.max(0, left)}px, ${canvas.offsetTop + y + 14}px)`;
}
