import type { ReactNode } from 'react';
import { IDENTICON_SIDE, identicon } from './identicon.ts';

/** The picture of a fingerprint: two screens that show the same picture hold the same key. */
export function IdenticonPicture({ text, size = 16 }: { text: string; size?: number }): ReactNode {
  const { cells, hue } = identicon(text);
  return (
    <svg className="identicon" width={size} height={size} viewBox="0 0 5 5" shapeRendering="crispEdges" aria-hidden="true">
      <g fill={`oklch(var(--identicon-light) 0.11 ${hue})`}>
        {cells.map((filled, index) =>
          filled ? <rect key={index} x={index % IDENTICON_SIDE} y={Math.floor(index / IDENTICON_SIDE)} width="1" height="1" /> : null,
        )}
      </g>
    </svg>
  );
}

/** A key's check value with its picture; it says nothing about the key. */
export function Fingerprint({ text }: { text: string }): ReactNode {
  return (
    <span className="fingerprint" title={text}>
      <IdenticonPicture text={text} />
      <code>{text}</code>
    </span>
  );
}
