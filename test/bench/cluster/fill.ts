import { randomBytes } from 'node:crypto';
import { types } from 'cassandra-driver';
import { sealInstance } from '../../../main/crypto/envelope.ts';
import { INLINE_BYTES } from '../../../main/systemdb/cassandra/chunks.ts';
import { benchKeys, type Generation } from './keys.ts';
import { entityOf, sideBySide, type BenchNode } from './node.ts';

/**
 * Fills an LU with `count` sealed instances of `plainBytes`, by the bare driver, into the tables as the product writes
 * them (the index of ids is left out: neither census nor rekey reads it).
 */
export async function fill({ db, bare }: BenchNode, lu: string, count: number, plainBytes: number, under: Generation): Promise<void> {
  const keys = benchKeys(under);
  const { key } = await keys.active();
  const image = randomBytes(plainBytes);
  const seal = (id: string): Buffer => sealInstance(keys.suite, key, { keyDescription: under, lu, instanceId: id }, image);
  // The first one the product's way: it makes the tables.
  await db.instances.save({ lu, id: '0', keyDescription: under, sealed: seal('0'), savedAt: Date.now() });
  const row = `INSERT INTO ${entityOf(lu)} (id, key_description, bytes, saved_at, sealed, version, chunks) VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`;
  const chunk = `INSERT INTO ${entityOf(lu)}_chunks (id, version, idx, data) VALUES (?, ?, 0, ?) USING TIMESTAMP ?`;
  const time = BigInt(Date.now()) * 1000n;
  const write = async (id: string): Promise<void> => {
    const sealed = seal(id);
    const version = types.Uuid.random();
    const inline = sealed.length <= INLINE_BYTES;
    if (!inline) await bare.execute(chunk, [id, version, sealed, time]);
    await bare.execute(row, [id, under, sealed.length, BigInt(Date.now()), inline ? sealed : Buffer.alloc(0), version, inline ? 0 : 1, time]);
  };
  await sideBySide(ids(count), 64, write);
}

function* ids(count: number): Generator<string> {
  for (let i = 1; i < count; i += 1) yield String(i);
}
