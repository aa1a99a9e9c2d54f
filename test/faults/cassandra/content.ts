/** Instances whose content counts: each new version of one holds the next number, everywhere in its image. */
import { DatabaseSync } from 'node:sqlite';
import { sealInstance } from '../../../main/crypto/envelope.ts';
import type { InstanceKeys } from '../../../main/lu/keys.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';

const PART = 64 * 1024;

/** An image that holds `counter`, and `bytes` more bytes that all tell it too. */
export function imageOf(counter: number, bytes: number): Buffer {
  const db = new DatabaseSync(':memory:');
  db.exec(`PRAGMA page_size = ${bytes > PART ? 65_536 : 512}; CREATE TABLE version (counter INTEGER); CREATE TABLE part (filled BLOB)`);
  db.prepare('INSERT INTO version VALUES (?)').run(counter);
  const part = db.prepare('INSERT INTO part VALUES (?)');
  for (let left = bytes; left > 0; left -= PART) part.run(Buffer.alloc(Math.min(left, PART), counter % 256));
  const image = db.serialize();
  db.close();
  return Buffer.from(image);
}

/** The counter of an image. Fails where parts of it are of another version. */
export function counterOf(image: Uint8Array): number {
  const db = new DatabaseSync(':memory:');
  db.deserialize(image);
  const counter = Number(db.prepare('SELECT counter FROM version').get()?.['counter']);
  for (const { filled } of db.prepare('SELECT filled FROM part').iterate()) {
    const bytes = Buffer.from(filled as Uint8Array);
    if (!bytes.equals(Buffer.alloc(bytes.length, counter % 256))) throw new Error(`A mixture: version ${counter} holds bytes ${bytes[0]} to ${bytes.at(-1)}.`);
  }
  db.close();
  return counter;
}

/** Every third instance is too large for its row, and lies in a chunk. */
export function sizeOf(id: string): number {
  return Number(id) % 3 === 0 ? 6_000 : 0;
}

/**
 * Saves an image under any generation that was ever active: as a node does that missed the newest activation.
 * @param generation key description; the active one where it is left out
 */
export async function saveUnder({ db, keys }: { db: SystemDb; keys: InstanceKeys }, lu: string, id: string, image: Uint8Array, generation?: string): Promise<void> {
  const { description, key } = generation === undefined ? await keys.active() : { description: generation, key: await keys.get(generation) };
  const sealed = sealInstance(keys.suite, key, { keyDescription: description, lu, instanceId: id }, image);
  await db.instances.save({ lu, id, keyDescription: description, sealed, savedAt: Date.now() });
}
