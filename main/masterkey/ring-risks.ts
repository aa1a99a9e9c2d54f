export interface RingRisks {
  /** Nodes that hold every stripe, ordered: against whoever takes one of them the striping protects nothing. */
  readonly holdsAll: string[];
  /** The smallest number of nodes whose loss takes every replica of some stripe away; null without stripes. */
  readonly losesWith: number | null;
}

/**
 * What the places of a key's stripes mean for its safety. Pure.
 * @param places for each stripe the addresses of its replicas
 */
export function findRingRisks(places: readonly (readonly string[])[]): RingRisks {
  const [first, ...others] = places.map((replicas) => new Set(replicas));
  if (first === undefined) return { holdsAll: [], losesWith: null };
  return {
    holdsAll: [...first].filter((address) => others.every((replicas) => replicas.has(address))).sort(),
    losesWith: Math.min(first.size, ...others.map((replicas) => replicas.size)),
  };
}
