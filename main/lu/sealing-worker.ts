/** The thread that seals for an import: see {@link SealingThread}. It keeps nothing from one task to the next. */
import { parentPort } from 'node:worker_threads';
import { SecretBytes } from '../secret.ts';
import { sealAll, type SealingAnswer, type SealingTask } from './sealing-task.ts';

function answer(message: SealingAnswer, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function perform(task: SealingTask): void {
  try {
    using masterKey = SecretBytes.copyOf(task.key);
    const done = sealAll(task, masterKey);
    answer(done, [done.sealed.buffer]);
  } catch {
    // The thread that asked seals this batch itself, and meets there what went wrong.
    answer(null);
  }
}

parentPort?.on('message', perform);
answer('ready');
