import type { ReactNode } from 'react';

export type ShapeName = 'disc' | 'ring' | 'half' | 'triangle' | 'cross' | 'square' | 'diamond' | 'check' | 'bar';

const PATHS: Readonly<Record<ShapeName, ReactNode>> = {
  disc: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  ring: <circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  half: (
    <>
      <circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 2.25a3.75 3.75 0 0 0 0 7.5z" fill="currentColor" />
    </>
  ),
  triangle: <path d="M6 1.2 11.4 10.6H.6z" fill="currentColor" />,
  cross: <path d="m2.2 2.2 7.6 7.6m0-7.6L2.2 9.8" stroke="currentColor" strokeWidth="2" fill="none" />,
  square: <rect x="2" y="2" width="8" height="8" fill="currentColor" />,
  diamond: <path d="M6 .8 11.2 6 6 11.2.8 6z" fill="currentColor" />,
  check: <path d="m1.8 6.4 2.8 2.9 5.6-6.4" stroke="currentColor" strokeWidth="2" fill="none" />,
  bar: <path d="M2 6h8" stroke="currentColor" strokeWidth="2" fill="none" />,
};

/** A small form that goes with a word, so that no state is told by colour alone. */
export function Shape({ name, size = 12 }: { name: ShapeName; size?: number }): ReactNode {
  return (
    <svg className="shape" width={size} height={size} viewBox="0 0 12 12" aria-hidden="true">
      {PATHS[name]}
    </svg>
  );
}
