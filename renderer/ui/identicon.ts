export const IDENTICON_SIDE = 5;

export interface Identicon {
  /** Row by row, mirrored left to right. */
  readonly cells: readonly boolean[];
  /** Degrees. */
  readonly hue: number;
}

/**
 * A 5 × 5 picture of `text`, the same for the same text on every screen: two 32-bit FNV-1a hashes choose 15 cells
 * (the left half and the middle column) and a hue. It tells apart; it proves nothing.
 */
export function identicon(text: string): Identicon {
  const pattern = fnv1a(text, 0x811c9dc5);
  const hue = fnv1a(text, 0x01000193) % 360;
  const cells: boolean[] = [];
  for (let row = 0; row < IDENTICON_SIDE; row += 1) {
    for (let column = 0; column < IDENTICON_SIDE; column += 1) {
      const mirrored = Math.min(column, IDENTICON_SIDE - 1 - column);
      cells.push(((pattern >>> (row * 3 + mirrored)) & 1) === 1);
    }
  }
  return { cells, hue };
}

function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // Neighbouring inputs differ mostly in the low bits; mixed so that every cell depends on every character.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
