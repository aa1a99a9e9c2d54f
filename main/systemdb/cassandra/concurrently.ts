/**
 * Works on all items, on at most `limit` of them at once. After a failure no further item is begun; it is thrown when
 * all that were begun have ended, so that nothing goes on behind the caller's back.
 * @returns the results in the order of the items
 */
export async function concurrently<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  const failures: unknown[] = [];
  const take = async (): Promise<void> => {
    for (const [place, item] of queue) {
      try {
        results[place] = await work(item);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, take));
  if (failures.length > 0) throw failures[0];
  return results;
}
