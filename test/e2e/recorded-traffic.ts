import { Socket } from 'node:net';

/** Everything that this process wrote to and read from sockets and pipes, one stretch of bytes for each and direction. */
export interface Traffic {
  readonly written: () => Buffer[];
  readonly read: () => Buffer[];
  stop(): void;
}

/**
 * Records the raw bytes between this process and its children from now on: the browser engine talks over a pipe, so
 * this holds every request, answer and event that crossed, in the form in which it crossed.
 * @param except ports whose traffic is left out: a KMS answers with plain keys there
 */
export function recordTraffic(except: readonly number[] = []): Traffic {
  const written = new Map<Socket, Buffer[]>();
  const read = new Map<Socket, Buffer[]>();
  const apart = new WeakSet<Socket>();
  const keep = (kept: Map<Socket, Buffer[]>, socket: Socket, chunk: unknown): void => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    // What a socket writes before it is connected has no port yet.
    if ([socket.remotePort, socket.localPort].some((port) => port !== undefined && except.includes(port))) apart.add(socket);
    const chunks = kept.get(socket) ?? [];
    kept.set(socket, chunks);
    // A copy: what is read lies in memory that is used again.
    chunks.push(Buffer.from(typeof chunk === 'string' ? Buffer.from(chunk) : Uint8Array.from(chunk)));
  };
  const whole = (kept: Map<Socket, Buffer[]>): Buffer[] => [...kept].filter(([socket]) => !apart.has(socket)).map(([, chunks]) => Buffer.concat(chunks));
  const { write, push } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...parts: unknown[]): boolean {
    keep(written, this, parts[0]);
    return Reflect.apply(write, this, parts) as boolean;
  } as typeof write;
  Socket.prototype.push = function (this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
    keep(read, this, chunk);
    return push.call(this, chunk, encoding);
  };
  return {
    written: () => whole(written),
    read: () => whole(read),
    stop: () => {
      Socket.prototype.write = write;
      Socket.prototype.push = push;
    },
  };
}
