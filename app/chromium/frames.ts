import type { CDPSession } from 'playwright-core';
import { fromWeb } from './origin.ts';
import { PRELOAD_WORLD } from './worlds.ts';

/** As much of Electron's `WebFrameMain` as a sender check needs. */
export class Frame {
  readonly id: string;
  readonly routingId: number;
  /** One renderer process is told from another by the browser alone; frames are told apart by {@link routingId}. */
  readonly processId = 1;
  readonly parent: Frame | null;
  url = '';
  origin = 'null';

  constructor(id: string, routingId: number, parent: Frame | null) {
    this.id = id;
    this.routingId = routingId;
    this.parent = parent;
  }

  get top(): Frame {
    return this.parent === null ? this : this.parent.top;
  }
}

/** Keeps the page's frames, and in which script context of which frame the preload world is. */
export class Frames {
  readonly #frames = new Map<string, Frame>();
  readonly #contexts = new Map<number, { readonly frame: Frame; readonly world: string }>();
  readonly #session: CDPSession;
  #count = 0;
  main: Frame | null = null;

  constructor(session: CDPSession) {
    this.#session = session;
    session.on('Page.frameAttached', (event) => this.#frame(event.frameId, event.parentFrameId));
    session.on('Page.frameNavigated', ({ frame }) => {
      const known = this.#frame(frame.id, frame.parentId);
      known.url = fromWeb(frame.url);
      known.origin = fromWeb(frame.securityOrigin);
    });
    session.on('Page.navigatedWithinDocument', (event) => {
      const known = this.#frames.get(event.frameId);
      if (known !== undefined) known.url = fromWeb(event.url);
    });
    session.on('Page.frameDetached', (event) => this.#frames.delete(event.frameId));
    session.on('Runtime.executionContextCreated', ({ context }) => {
      const frame = this.#frames.get(String((context.auxData as { frameId?: string } | undefined)?.frameId));
      if (frame !== undefined) this.#contexts.set(context.id, { frame, world: context.name });
    });
    session.on('Runtime.executionContextDestroyed', (event) => this.#contexts.delete(event.executionContextId));
    session.on('Runtime.executionContextsCleared', () => this.#contexts.clear());
  }

  /** Learns the frames that are there already and starts to watch. */
  async watch(): Promise<void> {
    await this.#session.send('Page.enable');
    const { frameTree } = await this.#session.send('Page.getFrameTree');
    this.main = this.#frame(frameTree.frame.id, undefined);
    await this.#session.send('Runtime.enable');
  }

  /** The frame that a script context belongs to. */
  ofContext(contextId: number): Frame | null {
    return this.#contexts.get(contextId)?.frame ?? null;
  }

  /** The main frame's preload context; null while a page loads. */
  mainPreloadContext(): number | null {
    let found: number | null = null;
    for (const [id, { frame, world }] of this.#contexts) if (frame === this.main && world === PRELOAD_WORLD) found = id;
    return found;
  }

  #frame(id: string, parentId: string | undefined): Frame {
    const known = this.#frames.get(id);
    if (known !== undefined) return known;
    this.#count += 1;
    const frame = new Frame(id, this.#count, parentId === undefined ? null : (this.#frames.get(parentId) ?? null));
    this.#frames.set(id, frame);
    return frame;
  }
}
