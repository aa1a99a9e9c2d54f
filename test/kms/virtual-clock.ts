import type { KmsClock } from '../../main/kms/clock.ts';

/** Time that passes only when it is told to. */
export class VirtualClock implements KmsClock {
  #time = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly now = (): number => Date.UTC(2026, 0, 1) + this.#time;
  readonly elapsed = (): number => this.#time;

  readonly sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const sleeper = { at: this.#time + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        resolve();
      });
    });
  };

  /** Lets `ms` pass, waking each sleeper at its moment. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (await settled(); ; await settled()) {
      const next = this.#sleepers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      this.#time = Math.max(this.#time, next.at);
      next.wake();
    }
    this.#time = end;
  }

  /** Lets time pass until the promise is settled, and hands its outcome on. */
  async until<T>(promise: Promise<T>, most = 600_000): Promise<T> {
    let done = false;
    const settle = promise.finally(() => {
      done = true;
    });
    settle.catch(() => undefined);
    for (const end = this.#time + most; !done && this.#time < end; ) await this.pass(10);
    return settle;
  }
}

/** Lets everything that can go on without time go on. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
