import { setMaxListeners } from 'node:events';

/** Aborted with the first of `signals`; dozens may wait on it at once. */
export function linked(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(0, signal);
  return signal;
}
