import { AppError, type ErrorCode } from '../../main/errors.ts';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { sealInstance } from '../../main/crypto/envelope.ts';
import type { InstanceRange, InstanceToSave, SystemDb } from '../../main/systemdb/repositories.ts';
import type { TestKeys } from '../lu/fixtures.ts';

/** Instances whose sealed form is as long as the last digits of their number say; nothing can be opened. */
export function plain(lu: string, from: number, count: number, keyDescription: string): InstanceToSave[] {
  return Array.from({ length: count }, (_, i) => ({ lu, id: idOf(from + i), keyDescription, sealed: new Uint8Array(1 + ((from + i) % 10)), savedAt: 1 }));
}

export function idOf(number: number): string {
  return String(number).padStart(7, '0');
}

/** Instances sealed as the platform seals them, under the active test key. */
export async function sealed(keys: TestKeys, lu: string, from: number, count: number): Promise<InstanceToSave[]> {
  const { description, key } = await keys.active();
  return Array.from({ length: count }, (_, i) => {
    const id = idOf(from + i);
    const image = new TextEncoder().encode(`content of ${id}`);
    return { lu, id, keyDescription: description, sealed: sealInstance(suiteFor(false), key, { keyDescription: description, lu, instanceId: id }, image), savedAt: 1 };
  });
}

/** The database, with something that happens before a range is read. */
export function watching(db: SystemDb, before: (range: InstanceRange, call: number) => Promise<void> | void): SystemDb {
  let calls = 0;
  const { instances } = db;
  return {
    ...db,
    instances: new Proxy(instances, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (name !== 'countRange' && name !== 'scanRange') return method;
        return async (range: InstanceRange, ...rest: unknown[]) => {
          await before(range, ++calls);
          return method(range, ...rest);
        };
      },
    }),
  };
}

/** The database, each range held by the nodes that `nodesOf` names. */
export function onNodes(db: SystemDb, nodesOf: (range: InstanceRange, place: number) => string[]): SystemDb {
  const { instances } = db;
  return {
    ...db,
    info: { ...db.info, kind: 'cassandra' },
    instances: new Proxy(instances, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (name === 'ranges') return async (lu: string) => (await target.ranges(lu)).map((range, place) => ({ ...range, nodes: nodesOf(range, place) }));
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
  };
}

export function unavailable(code: ErrorCode = 'DATABASE_UNAVAILABLE'): AppError {
  return new AppError(code, 'A node is away.', 'Start it.');
}
