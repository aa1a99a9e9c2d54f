/** The thread that seals for an import: see {@link SealingThread}. It keeps nothing from one task to the next. */
import { parentPort } from 'node:worker_threads';
import { suiteById } from '../crypto/algorithms.ts';
import { sealInstance } from '../crypto/envelope.ts';
import { SecretBytes } from '../secret.ts';
import type { SealedTask, SealingAnswer, SealingTask } from './sealing-task.ts';

function sealAll({ suite, lu, keyDescription, key, ids, images, ends }: SealingTask): SealedTask {
  using masterKey = SecretBytes.copyOf(key);
  const algorithms = suiteById(suite);
  const parts = ids.map((instanceId, index) => {
    const image = images.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
    return sealInstance(algorithms, masterKey, { keyDescription, lu, instanceId }, image);
  });
  const sealed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  const sealedEnds = parts.map((part) => {
    sealed.set(part, end);
    return (end += part.length);
  });
  return { sealed, ends: sealedEnds };
}

function answer(to: (answer: SealingAnswer, transfer?: ArrayBuffer[]) => void, task: SealingTask): void {
  try {
    const done = sealAll(task);
    to(done, [done.sealed.buffer]);
  } catch {
    // The thread that asked seals this batch itself, and meets there what went wrong.
    to(null);
  }
}

parentPort?.on('message', (task: SealingTask) => answer((message, transfer) => parentPort?.postMessage(message, transfer), task));
parentPort?.postMessage('ready' satisfies SealingAnswer);
