import { readEnvelopeHeader } from '../../../main/crypto/envelope.ts';
import { type ActiveGeneration, GenerationTreatment, type Treatment } from '../../../main/rekey/treatment.ts';
import type { StoredInstance } from '../../../main/systemdb/repositories.ts';
import { benchKeys, GENERATIONS, type Generation } from './keys.ts';

const TURN_MS = 400;
/** At the start of a turn what was sealed in the one before is still being written: 256 instances at most. */
const SETTLES_MS = 80;
/** While a campaign begins, its width still grows. */
const LEFT_OUT = 4;

/** Instances a second of each turn, by its kind. */
interface Rates {
  readonly without: readonly number[];
  readonly rekeyed: readonly number[];
}

/**
 * A campaign that does its crypto and leaves it out in short turns. A node collects garbage and merges files when it
 * likes, so that whole campaigns of the same kind lie a third apart; what it does meets turns of both kinds alike. Where a
 * turn leaves the node some time, it merges what both kinds wrote: the slower kind appears slower than it is, if anything.
 * Without crypto an instance is written back as it was, under the name of the new generation: its header tells the true one.
 */
export class Turns implements Treatment {
  readonly #real: Treatment;
  readonly #rates = { without: [] as number[], rekeyed: [] as number[] };
  #ended = 0;
  #crypto = false;
  #from = Infinity;
  #until = 0;
  #count = 0;

  constructor(to: Generation) {
    this.#real = new GenerationTreatment(benchKeys(to), { from: [...GENERATIONS] });
  }

  get rates(): Rates {
    return this.#rates;
  }

  wanted(keyDescription: string, active: string): boolean {
    return this.#real.wanted(keyDescription, active);
  }

  reseal(stored: StoredInstance, active: ActiveGeneration): Buffer | null | Promise<Buffer | null> {
    this.#countOne();
    // Before both kinds: the product reads the true name from the row, so this is the bench's own cost.
    const named = { ...stored, keyDescription: readEnvelopeHeader(stored.sealed).keyDescription };
    return this.#crypto ? this.#real.reseal(named, active) : Buffer.from(named.sealed);
  }

  #countOne(): void {
    const now = performance.now();
    if (now < this.#until) {
      if (now >= this.#from) this.#count += 1;
      return;
    }
    if (this.#ended > LEFT_OUT) this.#rates[this.#crypto ? 'rekeyed' : 'without'].push((this.#count * 1000) / (now - this.#from));
    this.#ended += 1;
    this.#crypto = !this.#crypto;
    this.#from = now + SETTLES_MS;
    this.#until = now + TURN_MS;
    this.#count = 0;
  }
}

/** The mean, and how far by chance it may lie from the true one: its standard error. */
export function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
