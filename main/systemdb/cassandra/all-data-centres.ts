import { AppError, isAppError } from '../../errors.ts';

/**
 * What only a majority over all data centres may decide fails while one of them is away, though the local one is whole:
 * said as it is, a person would look for the fault in the wrong place. Other errors stay as they are.
 * @param dataCenters of the cluster, as the driver knows them
 */
export function decidedByAll(error: unknown, dataCenters: readonly string[]): unknown {
  if (dataCenters.length < 2 || !(isAppError(error, 'DATABASE_UNAVAILABLE') || isAppError(error, 'DATABASE_TIMEOUT'))) return error;
  return new AppError(
    error.code,
    `${error.message} What all consoles must agree on (master keys, the audit trail, settings, campaigns) needs a majority of its replicas over all data centres together (${dataCenters.join(', ')}); one of them may be away. Processes that run go on reading and saving instances in their own data centre.`,
    'Bring the data centre that is away back (nodetool status shows its nodes), then try again. How to go on without one: "Two data centres" in docs/operations.md.',
    { details: { ...error.details, dataCenters: [...dataCenters] }, cause: error },
  );
}
