/**
 * Named places in a sequence of writes where a crash must lose nothing. In the product they do nothing; a fault test
 * installs a handler in its own process that stops it there.
 */
let handler: ((name: string) => void) | null = null;

/** Marks the place `name`; calls the handler that a test installed, if any. */
export function failPoint(name: string): void {
  handler?.(name);
}

/** For tests only. */
export function onFailPoint(next: ((name: string) => void) | null): void {
  handler = next;
}
