import type { CensusState } from '../../app/contract/census.ts';
import { relativeTime } from '../format.ts';

/** How old the figures of a census are and whether they are all: `counted 4 min ago, every range`. */
export function censusAge({ at, live, complete }: CensusState, now: number): string {
  if (at === null) return 'not counted yet';
  const when = `counted ${relativeTime(Math.min(at, now), now)}`;
  return live ? when : `${when}, ${complete ? 'every range' : 'not every range'}`;
}

/** The same, to follow a sentence on figures that were not counted for it; nothing where they were. */
export function asCounted(census: CensusState, now: number): string {
  return census.live ? '' : ` As ${censusAge(census, now)}.`;
}
