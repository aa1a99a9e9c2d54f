import type { Ring } from '../../../app/contract/cluster.ts';
import { counted, figure } from '../../format.ts';

/** As many addresses as a sentence bears. */
const NAMED = 3;

/** What the places of the bytes mean: what is wrong with them, and what speaks for them. */
export function ringNotes({ stripes, nodes, holdsAll, losesWith }: Ring): { worries: string[]; calm: string | null } {
  const worries: string[] = [];
  if (holdsAll.length === 1) worries.push(`${holdsAll[0] ?? ''} holds every byte: the striping protects nothing against whoever takes it.`);
  else if (holdsAll.length > 1) worries.push(`${holdsAll.length === nodes.length ? 'Every node holds' : `${named(holdsAll)} each hold`} every byte: the striping protects nothing against whoever takes one of them.`);
  if (losesWith === 1) worries.push('Each byte lies on one node only: losing any node that holds one loses the key.');
  const down = nodes.filter((node) => !node.up && node.bytes > 0);
  if (down.length === 1) worries.push(`${down[0]?.address ?? ''} is down; it holds ${down[0]?.bytes === stripes ? 'every byte' : `${figure(down[0]?.bytes ?? 0)} of the ${figure(stripes)} bytes`}.`);
  else if (down.length > 1) worries.push(`${counted(down.length, 'node')} that hold bytes are down: ${named(down.map((node) => node.address))}.`);
  const spread = holdsAll.length === 0 && nodes.length > 1 ? 'No node holds every byte. ' : '';
  const calm = losesWith === null || losesWith === 1 ? null : `${spread}The key is lost only where ${figure(losesWith)} nodes that hold the same byte are lost together.`;
  return { worries, calm };
}

function named(addresses: readonly string[]): string {
  const more = addresses.length - NAMED;
  if (more > 0) return `${addresses.slice(0, NAMED).join(', ')} and ${figure(more)} more`;
  return addresses.length === 1 ? (addresses[0] ?? '') : `${addresses.slice(0, -1).join(', ')} and ${addresses.at(-1) ?? ''}`;
}
