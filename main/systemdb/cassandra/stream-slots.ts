import Connection from 'cassandra-driver/lib/connection.js';

/**
 * Requests of one connection that wait for their answers, by stream: a small number that is used again (native protocol
 * v4, section 2.3), and so a place in an array. Has what the driver asks of the Map that it keeps them in.
 */
export class StreamSlots<Request> {
  readonly #requests: (Request | undefined)[] = [];

  get(stream: number): Request | undefined {
    return this.#requests[stream];
  }

  set(stream: number, request: Request): this {
    this.#requests[stream] = request;
    return this;
  }

  delete(stream: number): boolean {
    const known = this.#requests[stream] !== undefined;
    if (known) this.#requests[stream] = undefined;
    return known;
  }

  /** Those that wait, in the order of their streams. */
  values(): Iterable<Request> {
    return this.#requests.filter((request) => request !== undefined);
  }
}

const slots = Symbol('stream slots');

/**
 * Lets all connections that the driver (4.10.0) makes from now on keep their requests in {@link StreamSlots}. A Map that
 * is written to all the time gets a new table every few dozen requests, and V8 lets the old table lead to the new one:
 * once one of them is in the old generation, each that follows is kept until that is collected, with the requests that
 * were under way as it was replaced, and the rows in them. In a rekey that was a fifth of the worker's memory, and a
 * collection of all of it every half second.
 */
export function keepRequestsInSlots(): void {
  // No part of the driver's declared interface: a driver that keeps them elsewhere is not changed by this.
  Object.defineProperty(Connection.prototype, '_operations', {
    configurable: true,
    get(this: { [slots]?: StreamSlots<unknown> }) {
      return this[slots];
    },
    set(this: { [slots]?: StreamSlots<unknown> }) {
      this[slots] = new StreamSlots();
    },
  });
}
