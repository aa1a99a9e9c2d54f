import { AppError } from '../../errors.ts';
import type { InstanceToSave } from '../repositories.ts';

/** Cassandra's limit for a key, in bytes. */
const KEY_BYTES = 65_535;

/** What the column `bytes` holds. */
const SEALED_BYTES = 2 ** 31 - 1;

/** Refuses what Cassandra can not store under its own name. @throws AppError `INPUT_INVALID` */
export function checkInstance({ lu, id, sealed }: InstanceToSave): void {
  // Half of a surrogate pair has no UTF-8 form: stored, two different names would become one.
  if (!lu.isWellFormed() || !id.isWellFormed()) {
    throw refused('The LU name or instance ID is not valid Unicode text (it holds half of a surrogate pair).', lu, id);
  }
  if (id === '') throw refused('The instance ID is empty, which Cassandra has no place for.', lu, id);
  if (Buffer.byteLength(id) > KEY_BYTES) throw refused(`The instance ID is longer than ${KEY_BYTES} bytes, more than Cassandra takes.`, lu, id);
  if (sealed.length > SEALED_BYTES) throw refused('The instance is larger than 2 GiB, more than the console stores on Cassandra.', lu, id);
}

/** Whether there can be an instance under this ID at all. */
export function isStorableId(id: string): boolean {
  return id !== '' && id.isWellFormed() && Buffer.byteLength(id) <= KEY_BYTES;
}

function refused(what: string, lu: string, id: string): AppError {
  const details = { lu: lu.toWellFormed().slice(0, 200), id: id.toWellFormed().slice(0, 200) };
  return new AppError('INPUT_INVALID', `${what} Nothing was stored.`, 'Correct it in the source.', { details });
}
