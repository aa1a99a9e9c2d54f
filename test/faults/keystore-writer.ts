/**
 * One process that works on a KeyStore, for the fault tests:
 * `node keystore-writer.ts create|add FILE PREFIX COUNT [FAIL_POINT]`. It prints each alias once its entry is durable and
 * a failure as `{"code"}`; with FAIL_POINT it kills itself there.
 */
import { createHash } from 'node:crypto';

import { AppError } from '../../main/errors.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { SecretBytes } from '../../main/secret.ts';

const [act = '', file = '', prefix = '', count = '0', failAt] = process.argv.slice(2);

const password = SecretBytes.copyOf(Buffer.from('changeit'));
const keystore = act === 'create' ? await createDying() : await KeyStoreFile.open(file, password);
dieAt(failAt);
try {
  for (let index = 0; index < Number(count); index += 1) {
    const alias = `${prefix}-${index}`;
    const key = SecretBytes.take(createHash('sha256').update(alias).digest());
    await keystore.update((content) => content.withSecretKey(alias, key, index));
    process.stdout.write(`${alias}\n`);
  }
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: error instanceof AppError ? error.code : String(error) })}\n`);
}

async function createDying(): Promise<KeyStoreFile> {
  dieAt(failAt);
  return KeyStoreFile.create(file, password);
}

function dieAt(place: string | undefined): void {
  if (place === undefined) return;
  onFailPoint((name) => {
    if (name === place) process.kill(process.pid, 'SIGKILL');
  });
}
