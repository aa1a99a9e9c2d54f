import { malformed, unsupported } from '../failures.ts';

/**
 * The most iterations of a key derivation that the console runs, the JDK's own limit: a few seconds of work. A file that
 * asks for more would keep the console busy for as long as its author likes.
 */
const MAX_ITERATIONS = 5_000_000;

/** @throws AppError `KEYSTORE_MALFORMED` for 0, `KEYSTORE_ALGORITHM_UNSUPPORTED` above {@link MAX_ITERATIONS} */
export function checkIterations(iterations: number): void {
  if (iterations === 0) throw malformed('a key derivation without iterations');
  if (iterations > MAX_ITERATIONS) throw unsupported(`a key derivation of ${iterations} iterations (at most ${MAX_ITERATIONS})`);
}
