import { vi } from 'vitest';

/** Lets memory that is given back stay readable, so that a test sees whether it was zeroed before. Dispose to end it. */
export function keptMemory(): Disposable {
  const spy = vi.spyOn(ArrayBuffer.prototype, 'transfer').mockImplementation(() => new ArrayBuffer(0));
  return { [Symbol.dispose]: () => spy.mockRestore() };
}
