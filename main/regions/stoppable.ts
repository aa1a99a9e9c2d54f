import { AppError } from '../errors.ts';

/** Ends at once when it is asked to: a question that waits for its budget would keep it. @throws AppError `CANCELLED` */
export async function stoppable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(cancelled());
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => undefined);
    stopped.promise.catch(() => undefined);
  }
}

export function cancelled(): AppError {
  return new AppError('CANCELLED', 'The audit of the regions was stopped. Nothing was changed; what was learnt until then is not kept.', 'Start it again.');
}
