import type { GenerationRecord } from '../systemdb/repositories.ts';
import { isKmsWrapped } from './unwrap.ts';

/** Generations worked on at once: on a cluster each waits for the network. */
const LOCAL = 8;

/** Enough to spend the budget of a KMS, which paces the requests, over a slow line. */
const OF_A_KMS = 32;

/**
 * Does `act` for each generation, several at once: those of each KMS beside the others, so that one which does not answer
 * keeps nobody waiting for a place.
 */
export async function eachInLanes<T extends GenerationRecord>(generations: readonly T[], act: (generation: T) => Promise<void>): Promise<void> {
  const lanes = Map.groupBy(generations, (generation) => (isKmsWrapped(generation) ? generation.store : 'local'));
  await Promise.all([...lanes].map(([lane, waiting]) => inTurn(waiting.values(), lane === 'local' ? LOCAL : OF_A_KMS, act)));
}

async function inTurn<T>(waiting: IterableIterator<T>, atOnce: number, act: (generation: T) => Promise<void>): Promise<void> {
  const one = async (): Promise<void> => {
    for (const generation of waiting) await act(generation);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
