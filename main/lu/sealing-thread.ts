import { Worker } from 'node:worker_threads';
import type { Suite } from '../crypto/algorithms.ts';
import type { SecretBytes } from '../secret.ts';
import { discard, type PlainInstance } from './plain-instance.ts';
import { sealAll, type SealedTask, type SealingAnswer, type SealingTask } from './sealing-task.ts';

/** Bytes of images that one task may hold; the pages that none fills take no memory. */
const ARENA_BYTES = 8 * 1024 * 1024;
const KEY_BYTES = 32;

/** What is sealed, and under which generation. */
export interface Batch {
  readonly suite: Suite;
  readonly key: SecretBytes;
  readonly keyDescription: string;
  readonly lu: string;
  readonly instances: readonly PlainInstance[];
}

/**
 * A second thread that seals a batch at a time, while this one stores the batch before and gathers the next. It is
 * started once in a process and waits for the next import: its start takes as long as thousands of instances.
 *
 * The master key is there no longer than a batch takes: it goes over in memory that both threads see and this one
 * zeroes whatever happens, and the other one zeroes its own copy before it answers. The images go the same way.
 * A thread that does not start, or ends, is no failure: what it did not seal, this one seals.
 */
export class SealingThread {
  static #shared: SealingThread | null = null;
  readonly #worker: Worker;
  readonly #images = new Uint8Array(new SharedArrayBuffer(ARENA_BYTES));
  readonly #key = new Uint8Array(new SharedArrayBuffer(KEY_BYTES));
  #state: 'starting' | 'ready' | 'gone' = 'starting';
  #answered: ((sealed: SealedTask | null) => void) | null = null;

  /** The thread of this process; starts it where there is none yet. */
  static shared(): SealingThread {
    return (this.#shared ??= new SealingThread());
  }

  private constructor() {
    // The options of the process are not meant for this thread: it may have been started with a loader or a profiler.
    // A small young generation frees soon what sealing leaves behind, so that memory stays flat.
    this.#worker = new Worker(new URL('./sealing-worker.ts', import.meta.url), {
      name: 'sealing',
      execArgv: [],
      env: {},
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    // While it has nothing to do, it keeps no process alive.
    this.#worker.unref();
    this.#worker.on('message', (answer: SealingAnswer) => {
      if (answer === 'ready') this.#state = 'ready';
      else this.#answered?.(answer);
    });
    for (const end of ['error', 'messageerror', 'exit']) {
      this.#worker.on(end, () => {
        this.#state = 'gone';
        this.#answered?.(null);
      });
    }
  }

  /** Whether it can seal this batch now. It has time for one at a time. */
  canSeal({ key, instances }: Batch): boolean {
    return (
      this.#state === 'ready' &&
      this.#answered === null &&
      key.length === KEY_BYTES &&
      instances.length > 0 &&
      instances.reduce((sum, { image }) => sum + image.length, 0) <= ARENA_BYTES
    );
  }

  /**
   * Seals a batch, which {@link canSeal} allowed. The images are taken over: they are gone when this returns its promise.
   * @returns the sealed forms in their order, views of one buffer.
   * @throws AppError `SECRET_DISPOSED`, `INPUT_INVALID` (a name that can not be encoded)
   */
  async seal({ suite, key, keyDescription, lu, instances }: Batch): Promise<readonly Uint8Array[]> {
    const ends: number[] = [];
    let end = 0;
    const { promise, resolve } = Promise.withResolvers<SealedTask | null>();
    this.#answered = resolve;
    this.#worker.ref();
    try {
      for (const instance of instances) {
        this.#images.set(instance.image, end);
        ends.push((end += instance.image.length));
        discard(instance);
      }
      key.use((bytes) => this.#key.set(bytes));
      const task: SealingTask = { suite: suite.id, lu, keyDescription, key: this.#key, ids: instances.map(({ id }) => id), images: this.#images.subarray(0, end), ends };
      this.#worker.postMessage(task);
      const { sealed, ends: sealedEnds } = (await promise) ?? sealAll(task, key);
      return sealedEnds.map((to, index) => sealed.subarray(sealedEnds[index - 1] ?? 0, to));
    } finally {
      this.#key.fill(0);
      this.#images.fill(0, 0, end);
      this.#answered = null;
      this.#worker.unref();
    }
  }
}
