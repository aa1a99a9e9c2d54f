import { useState, type ReactNode } from 'react';
import type { Ring } from '../../../app/contract/cluster.ts';
import { counted, figure } from '../../format.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { at, RADIUS, ringGeometry } from './geometry.ts';
import './ring.css';

/** Where the bytes of a key lie: the nodes as a circle with a dot for each stripe, and the same in figures. */
export function RingPicture({ ring }: { ring: Ring }): ReactNode {
  const [chosen, setChosen] = useState<string | null>(null);
  const { arcs, dots } = ringGeometry(ring);
  return (
    <div className="ring">
      <svg viewBox="-128 -116 256 232" className="ring-picture" role="img" aria-label={`${counted(ring.stripes, 'stripe')} on ${counted(ring.nodes.length, 'node')}; the table beside has the figures`}>
        {arcs.map((arc) => {
          const middle = at((arc.from + arc.to) / 2, RADIUS + 9);
          return (
            <g key={arc.address} className={`ring-node ${arc.up ? '' : 'ring-down'} ${chosen === arc.address ? 'ring-chosen' : ''}`}>
              {arcs.length === 1 ? <circle r={RADIUS} className="ring-arc" /> : <path d={arcPath(arc.from, arc.to)} className="ring-arc" />}
              {arcs.length > 12 ? null : (
                <text x={middle.x} y={middle.y} textAnchor={Math.abs(middle.x) < 12 ? 'middle' : middle.x > 0 ? 'start' : 'end'} dominantBaseline="middle">
                  {ending(arc.address)}
                </text>
              )}
            </g>
          );
        })}
        {dots.map((dot) => (
          <circle
            key={dot.stripe}
            cx={dot.x}
            cy={dot.y}
            r="2.6"
            className={chosen !== null && (ring.places[dot.stripe] ?? []).includes(chosen) ? 'ring-dot ring-dot-held' : 'ring-dot'}
          >
            <title>{`Stripe ${dot.stripe}: ${(ring.places[dot.stripe] ?? []).join(', ')}`}</title>
          </circle>
        ))}
        <text className="ring-figure" y="-3" textAnchor="middle">
          {figure(ring.stripes)}
        </text>
        <text className="ring-word" y="12" textAnchor="middle">
          stripes
        </text>
      </svg>
      <table className="figures ring-table">
        <thead>
          <tr>
            <th>Node</th>
            <th>Data centre</th>
            <th>State</th>
            <th className="number">Holds</th>
          </tr>
        </thead>
        <tbody>
          {ring.nodes.map((node) => (
            <tr key={node.address} onMouseEnter={() => setChosen(node.address)} onMouseLeave={() => setChosen(null)}>
              <td>
                <code>{node.address}</code>
              </td>
              <td>{node.dataCenter}</td>
              <td>
                <StateBadge state={node.up ? 'readable' : 'failed'} word={node.up ? 'up' : 'down'} />
              </td>
              <td className="number">{ring.holdsAll.includes(node.address) ? <StateBadge state="warning" word={`all ${figure(node.bytes)}`} /> : figure(node.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function arcPath(from: number, to: number): string {
  const a = at(from, RADIUS);
  const b = at(to, RADIUS);
  return `M${a.x.toFixed(2)} ${a.y.toFixed(2)}A${RADIUS} ${RADIUS} 0 ${to - from > Math.PI ? 1 : 0} 1 ${b.x.toFixed(2)} ${b.y.toFixed(2)}`;
}

/** What tells nodes of one network apart. */
function ending(address: string): string {
  const [, last] = /(\.\d+)$/.exec(address) ?? [];
  return last ?? address.slice(-5);
}
