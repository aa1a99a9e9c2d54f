import { useId, useState, type ReactNode } from 'react';
import type { Ring } from '../../../app/contract/cluster.ts';
import { counted, figure, percent } from '../../format.ts';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { arcPath, at, RADIUS, ringGeometry, shortAddresses, type Arc } from './geometry.ts';
import './ring.css';

/** More names than this would lie over each other; the table has them all. */
const NAMED = 16;
/** More rows than this are scrolled. */
const ROWS = 8;

/** What is pointed at: a node, or a stripe with every node that holds it. */
type Pointed = { readonly address: string } | { readonly stripe: number } | null;

/** Where the bytes of a key lie: the nodes as a circle with a dot for each stripe, and the same in figures. */
export function RingPicture({ ring }: { ring: Ring }): ReactNode {
  const [kept, setKept] = useState<string | null>(null);
  const [pointed, setPointed] = useState<Pointed>(null);
  const shown: Pointed = pointed ?? (kept === null ? null : { address: kept });
  const holders = shown === null ? null : new Set('address' in shown ? [shown.address] : (ring.places[shown.stripe] ?? []));
  const many = ring.nodes.length > ROWS;
  return (
    <div className="ring">
      <Circle ring={ring} shown={shown} holders={holders} onPoint={setPointed} />
      <div className={`ring-table ${many ? 'ring-table-long' : ''}`} {...(many ? { tabIndex: 0, role: 'group', 'aria-label': 'Nodes and what they hold' } : {})}>
        <table className="figures">
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
              <tr key={node.address} className={holders?.has(node.address) === true ? 'ring-row-shown' : ''} onMouseEnter={() => setPointed({ address: node.address })} onMouseLeave={() => setPointed(null)}>
                <td>
                  <button
                    type="button"
                    className="ring-choice"
                    aria-pressed={kept === node.address}
                    title="Keep its stripes marked"
                    onClick={() => setKept(kept === node.address ? null : node.address)}
                    onFocus={() => setPointed({ address: node.address })}
                    onBlur={() => setPointed(null)}
                  >
                    <code>{node.address}</code>
                  </button>
                </td>
                <td>{node.dataCenter}</td>
                <td>
                  <StateBadge state={node.up ? 'readable' : 'failed'} word={node.up ? 'up' : 'down'} />
                </td>
                <td className="number">
                  {ring.holdsAll.includes(node.address) ? (
                    <StateBadge state="warning" word={`all ${figure(node.bytes)}`} />
                  ) : (
                    <>
                      {figure(node.bytes)} <span className="ring-share">{percent(ring.stripes === 0 ? 0 : node.bytes / ring.stripes)}</span>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

interface CircleProps {
  readonly ring: Ring;
  readonly shown: Pointed;
  /** The nodes that are marked; null where none is. */
  readonly holders: ReadonlySet<string> | null;
  readonly onPoint: (pointed: Pointed) => void;
}

function Circle({ ring, shown, holders, onPoint }: CircleProps): ReactNode {
  const id = useId();
  const { arcs, dots, centres } = ringGeometry(ring);
  const several = centres.length > 1;
  const short = shortAddresses(ring.nodes);
  const width = several ? 296 : 262;
  const height = several ? 296 : 244;
  const marked = (stripe: number): boolean => (shown === null ? false : 'stripe' in shown ? shown.stripe === stripe : (ring.places[stripe] ?? []).includes(shown.address));
  const [head, word, detail] = inTheMiddle(ring, shown, dots.filter((dot) => marked(dot.stripe)).length);
  return (
    <svg
      viewBox={`${-width / 2} ${-height / 2} ${width} ${height}`}
      className={`ring-picture ${several ? 'ring-several' : ''} ${shown === null ? '' : 'ring-pointed'}`}
      role="img"
      aria-label={`${counted(ring.stripes, 'stripe')} on ${counted(ring.nodes.length, 'node')}; the table beside has the figures`}
    >
      {several
        ? centres.map((centre, i) => {
            const middle = (centre.from + centre.to) / 2;
            const below = Math.cos(middle) < -0.2;
            return (
              <g key={centre.name} className="ring-centre">
                <path id={`${id}${i}`} d={arcPath(centre, below ? RADIUS + 42 : RADIUS + 33, below)} />
                <text>
                  <textPath href={`#${id}${i}`} startOffset="50%" textAnchor="middle">
                    {centre.name}
                  </textPath>
                </text>
              </g>
            );
          })
        : null}
      {arcs.map((arc) => (
        <g
          key={arc.address}
          className={`ring-node ${arc.up ? '' : 'ring-down'} ${ring.holdsAll.includes(arc.address) ? 'ring-all' : ''} ${holders?.has(arc.address) === true ? 'ring-chosen' : ''}`}
          onMouseEnter={() => onPoint({ address: arc.address })}
          onMouseLeave={() => onPoint(null)}
        >
          {arcs.length === 1 ? <circle r={RADIUS} className="ring-arc" /> : <path d={arcPath(arc, RADIUS)} className="ring-arc" />}
          {arcs.length > NAMED ? null : <NodeName arc={arc} text={short.get(arc.address) ?? arc.address} />}
        </g>
      ))}
      {dots.map((dot) => (
        <circle
          key={dot.stripe}
          cx={dot.x.toFixed(2)}
          cy={dot.y.toFixed(2)}
          r="2.8"
          className={marked(dot.stripe) ? 'ring-dot ring-dot-held' : 'ring-dot'}
          onMouseEnter={() => onPoint({ stripe: dot.stripe })}
          onMouseLeave={() => onPoint(null)}
        >
          <title>{`Stripe ${dot.stripe}: ${(ring.places[dot.stripe] ?? []).join(', ')}`}</title>
        </circle>
      ))}
      <text className="ring-figure" y="-2" textAnchor="middle">
        {head}
      </text>
      <text className="ring-word" y="14" textAnchor="middle">
        {word}
      </text>
      <text className="ring-word" y="28" textAnchor="middle">
        {detail}
      </text>
    </svg>
  );
}

/** What the middle of the circle says of what is pointed at. */
function inTheMiddle({ stripes, places }: Ring, shown: Pointed, marked: number): readonly [string, string, string] {
  if (shown === null) return [figure(stripes), stripes === 1 ? 'stripe' : 'stripes', ''];
  if ('address' in shown) return [figure(marked), `of ${counted(stripes, 'stripe')} on`, shown.address];
  return [`#${figure(shown.stripe)}`, 'one byte, on', counted(places[shown.stripe]?.length ?? 0, 'node')];
}

function NodeName({ arc, text }: { arc: Arc; text: string }): ReactNode {
  const { x, y } = at((arc.from + arc.to) / 2, RADIUS + 13);
  return (
    <text x={x.toFixed(2)} y={y.toFixed(2)} textAnchor={Math.abs(x) < 20 ? 'middle' : x > 0 ? 'start' : 'end'} dominantBaseline="central">
      {text}
    </text>
  );
}
