import type { Ring } from '../contract/cluster.ts';
import { ringWarnings } from '../services/cluster-map.ts';
import { counted, figure, printable, table } from './text.ts';

/** Which node holds which bytes of a key, numbered from 0 as `stripe_key_storage.idx`, and what that means. */
export function ringText(ring: Ring): string {
  const rows = nodeRows(ring).map((row, place) => [...row, spans(bytesOn(ring, ring.nodes[place]?.address ?? ''))]);
  return `${head(ring)}${table(['NODE', 'DATA CENTRE', 'STATE', '>STRIPES', 'WHICH'], rows, 'No node.')}${ringWarnings(ring).map((line) => `! ${line}\n`).join('')}${loss(ring)}`;
}

/** Where the bytes of a key that is yet to be made would lie; its warnings stand with those of the plan. */
export function plannedRingText(ring: Ring): string {
  return `Its bytes would lie about so (exactly once its description is drawn): ${head(ring)}${table(['NODE', 'DATA CENTRE', 'STATE', '>STRIPES'], nodeRows(ring), 'No node.')}${loss(ring)}`;
}

function head({ stripes, replication }: Ring): string {
  return `${counted(stripes, 'stripe')}, ${printable(replication)}.\n`;
}

function nodeRows({ nodes }: Ring): string[][] {
  return nodes.map(({ address, dataCenter, up, bytes }) => [address, dataCenter, up ? 'up' : 'down', figure(bytes)]);
}

function loss({ losesWith }: Ring): string {
  return losesWith === null || losesWith === 1 ? '' : `The key is lost where ${losesWith} nodes that hold the same byte are lost together.\n`;
}

function bytesOn({ places }: Ring, address: string): number[] {
  return [...places.keys()].filter((place) => places[place]?.includes(address));
}

/** `0-3, 7, 9-10` */
function spans(bytes: readonly number[]): string {
  const found: [number, number][] = [];
  for (const byte of bytes) {
    const last = found.at(-1);
    if (last?.[1] === byte - 1) last[1] = byte;
    else found.push([byte, byte]);
  }
  return found.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}
