/**
 * Edits (insert, delete, replace, swap of neighbours) that make `b` of `a`: the restricted Damerau–Levenshtein distance.
 * Answers `limit + 1` as soon as the distance is known to be above `limit`, so that long input costs nothing.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, at(beforePrevious, column - 2) + 1);
      }
      current.push(best);
    }
    if (Math.min(...current) > limit && Math.min(...previous) > limit) return limit + 1;
    beforePrevious = previous;
    previous = current;
  }
  return Math.min(at(previous, b.length), limit + 1);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

/**
 * The candidate that `word` was probably meant to be, without regard to case: the one with the fewest edits (at most a
 * third of its length), else the only one that begins with `word` (three letters or more). Null where none is near.
 */
export function nearest<Candidate extends string>(word: string, candidates: readonly Candidate[]): Candidate | null {
  const meant = word.toLowerCase();
  let best: Candidate | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    const distance = editDistance(meant, candidate.toLowerCase(), limit);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== null || word.length < 3) return best;
  const continued = candidates.filter((candidate) => candidate.toLowerCase().startsWith(meant));
  return continued.length === 1 ? (continued[0] ?? null) : null;
}
