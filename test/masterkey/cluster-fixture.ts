import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { KeyRing, type KeyRingOptions } from '../../main/masterkey/key-ring.ts';
import { Protection } from '../../main/masterkey/protection.ts';
import { SecretBytes } from '../../main/secret.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';

export const PASSWORD = 'correct horse 8';

/** A real system database in a folder of its own, and the ways to go live on it. */
export interface TestCluster {
  readonly folder: string;
  readonly file: string;
  readonly keystoreFile: string;
  readonly db: SystemDb;
  goLive(options?: Partial<KeyRingOptions> & { keystore?: boolean; keystoreFile?: string }): Promise<KeyRing>;
  protection(keystore: boolean, file?: string): Promise<Protection>;
  /** Damages the database behind its back. */
  loseStripes(description: string): void;
  /** Changes the facts of every generation of a name behind the database's back. */
  changeFacts(name: string, column: 'stripes' | 'wrapping', value: string | number): void;
  close(): Promise<void>;
}

export function password(): SecretBytes {
  return SecretBytes.take(Buffer.from(PASSWORD));
}

export async function openTestCluster(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'fkc-cluster-'));
  const file = join(folder, 'system.sqlite');
  const keystoreFile = join(folder, 'fabric.keystore');
  const db = await openSqlite(file);
  const rings: KeyRing[] = [];
  const protection = async (keystore: boolean, path: string = keystoreFile): Promise<Protection> => {
    if (!keystore) return Protection.open(db, null);
    using given = password();
    const opened = await KeyStoreFile.open(path, given).catch(() => KeyStoreFile.create(path, given));
    return Protection.open(db, opened);
  };
  const behindItsBack = (sql: string, ...values: (string | number)[]): void => {
    const raw = new DatabaseSync(file, { timeout: 5_000 });
    raw.prepare(sql).run(...values);
    raw.close();
  };
  return {
    folder,
    file,
    keystoreFile,
    db,
    protection,
    loseStripes(description) {
      behindItsBack('DELETE FROM k2auth_stripe_key_storage WHERE key_description = ?', description);
    },
    changeFacts(name, column, value) {
      behindItsBack(`UPDATE k2auth_keys_descriptions SET ${column} = ? WHERE name = ?`, value, name);
    },
    async goLive({ keystore = false, keystoreFile: path, ...options } = {}) {
      const ring = await KeyRing.goLive({
        db,
        protection: await protection(keystore, path),
        suite: suiteFor(false),
        actor: 'tester@host',
        ...options,
      });
      rings.push(ring);
      return ring;
    },
    async close() {
      for (const ring of rings) ring.lock();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
