import type { Services } from '../../../app/services.ts';
import { readPlan } from '../../../main/census/plan.ts';
import type { CensusResult } from '../../../main/census/result.ts';
import { isAppError } from '../../../main/errors.ts';
import { onFailPoint } from '../../../main/fail-point.ts';
import { activate } from './three-nodes.ts';

export type Ended<T> = { readonly value: T } | { readonly code: string };

/** How an act ended: with what, or with which code. */
export async function ended<T>(act: Promise<T>): Promise<Ended<T>> {
  try {
    return { value: await act };
  } catch (error) {
    return { code: isAppError(error) ? error.code : String(error) };
  }
}

/** Where an activation is: some of its stripes are written, all are, or its facts are too; never is it active yet. */
export type Step = 'stripes:half' | 'activate:stored' | 'activate:described';

/** Two acts that the fault came upon, and how they end. */
export interface Struck {
  readonly activation: Promise<Ended<string>>;
  readonly census: Promise<Ended<CensusResult>>;
  /** Job of the census. */
  readonly censusId: string;
  /** Ranges that it had counted at the fault, of how many. */
  readonly counted: number;
  readonly ranges: number;
}

/**
 * Starts an activation and a census, and lets the fault come at the very moment when the activation tells `step` and the
 * census has counted a range and not all of them: it is held after its first one until then.
 * @param fault sends its signals before it first waits
 * @throws Error where one of them ended before
 */
export async function strike(services: Services, step: Step, fault: () => Promise<void>): Promise<Struck> {
  const { instances, jobs } = services.cluster.db;
  const countRange = instances.countRange.bind(instances);
  const [hasCounted, isStruck] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let counted = 0;
  instances.countRange = async (range, page) => {
    if (counted > 0) await isStruck.promise;
    return countRange(range, page);
  };
  let atFault = 0;
  let done: Promise<void> = Promise.resolve();
  onFailPoint((place) => {
    if (place === 'census:range-counted') {
      counted += 1;
      hasCounted.resolve();
    } else if (place === step) {
      onFailPoint(null);
      atFault = counted;
      done = fault();
      isStruck.resolve();
    }
  });
  try {
    const { id: censusId, ended: taken } = services.censuses.start({});
    const census = ended(taken);
    await Promise.race([hasCounted.promise, tooSoon('census', census)]);
    const { ranges } = readPlan((await jobs.get(censusId)) ?? never());
    const activation = ended(activate(services));
    await Promise.race([isStruck.promise, tooSoon('activation', activation)]);
    await done;
    return { activation, census, censusId, counted: atFault, ranges: ranges.length };
  } finally {
    onFailPoint(null);
    instances.countRange = countRange;
    isStruck.resolve();
  }
}

async function tooSoon(what: string, act: Promise<Ended<unknown>>): Promise<never> {
  throw new Error(`The ${what} ended before the fault: ${JSON.stringify(await act)}`);
}

function never(): never {
  throw new Error('The census has no job.');
}
