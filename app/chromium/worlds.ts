/**
 * The programs that run in the page's two worlds, sent to the browser as source text: they may use nothing of this
 * module but {@link pack} and {@link unpack}, which are sent along.
 *
 * The isolated world has the preload script, `ipcRenderer` and the binding to this process. The main world has what
 * `contextBridge` exposes, and nothing else. Between them lies a MessagePort that is never posted to: it is an event
 * target which both worlds hold and nobody else can reach, and events on it are delivered synchronously, so that a
 * call of an exposed function returns at once, as in Electron. Only text crosses.
 */

export const PRELOAD_WORLD = 'Preload';
export const BINDING = 'toHost';
export const RECEIVE = 'fromHost';

/** A value in transit: none for undefined, one element for JSON, two for a function. */
type Cell = [] | [value: unknown] | [marker: 0, functionId: number];

/** JSON values, undefined and (with `keep`) functions as text. @throws TypeError for a function without `keep` */
export function pack(values: readonly unknown[], keep?: (value: (...values: unknown[]) => unknown) => number): string {
  return JSON.stringify(
    values.map((value): Cell => {
      if (value === undefined) return [];
      if (typeof value !== 'function') return [value];
      if (keep === undefined) throw new TypeError('An object could not be cloned.');
      return [0, keep(value as (...values: unknown[]) => unknown)];
    }),
  );
}

/** The reverse of {@link pack}. */
export function unpack(text: string, revive?: (functionId: number) => unknown): unknown[] {
  return (JSON.parse(text) as Cell[]).map((cell) => (cell.length === 2 ? revive?.(cell[1]) : cell[0]));
}

/** What `exposeInMainWorld` describes of the object: functions by number, objects by their members. */
type Shape = { readonly fn: number } | { readonly members: Record<string, Shape> } | { readonly value: unknown };

type Outcome = { readonly value: string } | { readonly error: string } | { readonly promise: number };

/** Runs in the page's own world, before any of its scripts. */
export function mainWorld(start: string): void {
  // Taken before the page can replace them.
  const { apply } = Reflect;
  const { dispatchEvent } = EventTarget.prototype;
  const TextEvent = CustomEvent;

  const connect = (port: MessagePort): void => {
    const handed = new Map<number, (...values: unknown[]) => unknown>();
    const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
    let returned = '';

    const hand = (callback: (...values: unknown[]) => unknown): number => {
      handed.set(handed.size, callback);
      return handed.size - 1;
    };
    const settle = (outcome: Outcome): unknown => {
      if ('error' in outcome) throw new Error(outcome.error);
      if ('promise' in outcome) return new Promise((resolve, reject) => waiting.set(outcome.promise, { resolve, reject }));
      return unpack(outcome.value, proxy)[0];
    };
    const proxy = (fn: number) => (...values: unknown[]): unknown => {
      apply(dispatchEvent, port, [new TextEvent('call', { detail: JSON.stringify({ fn, values: pack(values, hand) }) })]);
      return settle(JSON.parse(returned) as Outcome);
    };
    const build = (shape: Shape): unknown => {
      if ('fn' in shape) return Object.freeze(proxy(shape.fn));
      if ('value' in shape) return shape.value;
      return Object.freeze(Object.fromEntries(Object.entries(shape.members).map(([name, member]) => [name, build(member)])));
    };
    const on = (type: string, listener: (detail: string) => void): void => {
      port.addEventListener(type, (event) => listener((event as CustomEvent<string>).detail));
    };

    on('return', (detail) => {
      returned = detail;
    });
    on('settled', (detail) => {
      const { promise, outcome } = JSON.parse(detail) as { promise: number; outcome: Outcome };
      const waiter = waiting.get(promise);
      waiting.delete(promise);
      try {
        waiter?.resolve(settle(outcome));
      } catch (error) {
        waiter?.reject(error as Error);
      }
    });
    on('callback', (detail) => {
      const { fn, values } = JSON.parse(detail) as { fn: number; values: string };
      handed.get(fn)?.(...unpack(values));
    });
    on('expose', (detail) => {
      const { key, shape } = JSON.parse(detail) as { key: string; shape: Shape };
      Object.defineProperty(globalThis, key, { value: build(shape), enumerable: true, configurable: false, writable: false });
    });
  };

  addEventListener(
    start,
    (event) => {
      const port = (event as MessageEvent).ports[0];
      if (port !== undefined) connect(port);
    },
    { once: true },
  );
}

/** Runs in the isolated world, in the main frame only, like a preload script of Electron. */
export function isolatedWorld(
  names: { readonly start: string; readonly binding: string; readonly receive: string },
  preload: (require: (name: string) => unknown, module: { exports: object }, exports: object) => void,
): void {
  if (window.top !== window) return;
  const world = globalThis as unknown as Record<string, (text: string) => void>;
  const toHost = world[names.binding];
  if (toHost === undefined) return;

  const listeners = new Map<string, ((event: object, ...values: unknown[]) => void)[]>();
  const requests = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastRequest = 0;

  const ipcRenderer = {
    invoke: (channel: string, ...values: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const id = (lastRequest += 1);
        const text = JSON.stringify({ id, channel, values: pack(values) });
        requests.set(id, { resolve, reject });
        toHost(text);
      }),
    on: (channel: string, listener: (event: object, ...values: unknown[]) => void): object => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
    removeListener: (channel: string, listener: unknown): object => {
      listeners.set(channel, (listeners.get(channel) ?? []).filter((other) => other !== listener));
      return ipcRenderer;
    },
  };

  world[names.receive] = (text) => {
    const message = JSON.parse(text) as { reply: number; value?: string; error?: string } | { channel: string; values: string };
    if ('reply' in message) {
      const request = requests.get(message.reply);
      requests.delete(message.reply);
      if (message.value === undefined) request?.reject(new Error(message.error));
      else request?.resolve(unpack(message.value)[0]);
    } else {
      for (const listener of listeners.get(message.channel) ?? []) listener({ sender: ipcRenderer }, ...unpack(message.values));
    }
  };

  const { port1: port } = new MessageChannel();
  const functions: ((...values: unknown[]) => unknown)[] = [];
  let lastPromise = 0;
  const say = (type: string, detail: object): void => {
    port.dispatchEvent(new CustomEvent(type, { detail: JSON.stringify(detail) }));
  };
  const keep = (fn: (...values: unknown[]) => unknown): number => functions.push(fn) - 1;
  const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'An error in the preload script.');
  const outcomeOf = (run: () => unknown): Outcome => {
    try {
      return { value: pack([run()], keep) };
    } catch (error) {
      return { error: messageOf(error) };
    }
  };
  const later = (result: Promise<unknown>): Outcome => {
    const promise = (lastPromise += 1);
    result.then(
      (value) => say('settled', { promise, outcome: outcomeOf(() => value) }),
      (error: unknown) => say('settled', { promise, outcome: { error: messageOf(error) } }),
    );
    return { promise };
  };

  port.addEventListener('call', (event) => {
    const { fn, values } = JSON.parse((event as CustomEvent<string>).detail) as { fn: number; values: string };
    const revive = (callback: number) => (...given: unknown[]): void => say('callback', { fn: callback, values: pack(given) });
    let outcome: Outcome;
    try {
      const result = functions[fn]?.(...unpack(values, revive));
      outcome = result instanceof Promise ? later(result) : outcomeOf(() => result);
    } catch (error) {
      outcome = { error: messageOf(error) };
    }
    say('return', outcome);
  });

  const shapeOf = (value: unknown): Shape => {
    if (typeof value === 'function') return { fn: keep(value as (...values: unknown[]) => unknown) };
    if (typeof value !== 'object' || value === null) return { value };
    return { members: Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)])) };
  };
  const contextBridge = {
    exposeInMainWorld: (key: string, api: unknown): void => say('expose', { key, shape: shapeOf(api) }),
  };

  window.dispatchEvent(new MessageEvent(names.start, { ports: [port] }));
  const module = { exports: {} };
  preload(
    (name) => {
      if (name === 'electron') return { contextBridge, ipcRenderer };
      throw new Error(`A sandboxed preload script can not load "${name}".`);
    },
    module,
    module.exports,
  );
}

/** The main world's program; `start` is a name that only the two programs of one window know. */
export function mainWorldSource(start: string): string {
  return `(() => { ${pack}\n${unpack}\n(${mainWorld})(${JSON.stringify(start)}); })();`;
}

/** The isolated world's program around the text of a preload script. */
export function isolatedWorldSource(start: string, preload: string): string {
  const names = JSON.stringify({ start, binding: BINDING, receive: RECEIVE });
  return `(() => { ${pack}\n${unpack}\n(${isolatedWorld})(${names}, function (require, module, exports) {\n${preload}\n}); })();`;
}
