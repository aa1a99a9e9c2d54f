import { expect } from 'vitest';
import type { InstanceRange, InstanceRepository, RangeCount, StoredInstance } from '../../main/systemdb/repositories.ts';

interface Walk {
  readonly limit: number;
  readonly wanted?: (keyDescription: string) => boolean;
  /** Called after each page. */
  readonly between?: () => Promise<void>;
  /** Who reads the next page; always the same one where left out. */
  readonly through?: () => InstanceRepository;
}

/** Pages of one range; more mean that it never ends. */
const ENDLESS = 100_000;

/** Reads ranges to their end. `passed` is what was looked at. */
export async function scanned(
  repository: InstanceRepository,
  ranges: readonly InstanceRange[],
  { limit, wanted = () => true, between, through }: Walk,
): Promise<{ rows: StoredInstance[]; passed: number; pages: number }> {
  const rows: StoredInstance[] = [];
  let passed = 0;
  let pages = 0;
  for (const range of ranges) {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await (through?.() ?? repository).scanRange(range, { ...(cursor === undefined ? {} : { cursor }), limit, wanted });
      expect(page.rows.length).toBeLessThanOrEqual(page.passed);
      rows.push(...page.rows);
      passed += page.passed;
      pages += 1;
      expect(pages).toBeLessThan(ENDLESS);
      cursor = page.cursor;
      await between?.();
    }
  }
  return { rows, passed, pages };
}

/** Counts ranges to their end: a row for each generation, ordered by key description. */
export async function counted(
  repository: InstanceRepository,
  ranges: readonly InstanceRange[],
  limit: number,
): Promise<{ rows: RangeCount[]; passed: number }> {
  const sums = new Map<string, RangeCount>();
  let passed = 0;
  for (const range of ranges) {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await repository.countRange(range, { ...(cursor === undefined ? {} : { cursor }), limit });
      expect(page.rows.reduce((sum, row) => sum + row.instances, 0)).toBe(page.passed);
      expect(new Set(page.rows.map((row) => row.keyDescription)).size).toBe(page.rows.length);
      for (const { keyDescription, instances, bytes } of page.rows) {
        const before = sums.get(keyDescription) ?? { instances: 0, bytes: 0 };
        sums.set(keyDescription, { keyDescription, instances: before.instances + instances, bytes: before.bytes + bytes });
      }
      passed += page.passed;
      cursor = page.cursor;
    }
  }
  return { rows: [...sums.values()].sort((a, b) => (a.keyDescription < b.keyDescription ? -1 : 1)), passed };
}
