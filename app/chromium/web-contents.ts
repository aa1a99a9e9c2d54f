import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { WebContents as ElectronContents } from 'electron';
import type { CDPSession, Page, Request as PageRequest, Route } from 'playwright-core';
import type { Browser } from './browser.ts';
import { Frames, type Frame } from './frames.ts';
import { answerRequest } from './ipc-main.ts';
import { fromWeb, toWeb } from './origin.ts';
import { respond } from './protocol.ts';
import { applyPermissions, isRequestAllowed } from './session.ts';
import { BINDING, isolatedWorldSource, mainWorldSource, pack, PRELOAD_WORLD, RECEIVE } from './worlds.ts';

type WindowOpenHandler = Parameters<ElectronContents['setWindowOpenHandler']>[0];

/** The page of the window: its two worlds, its requests, and the rules of where it may go. */
export class WebContents extends EventEmitter implements Pick<ElectronContents, 'send' | 'isDestroyed' | 'getURL' | 'setWindowOpenHandler' | 'setWebRTCIPHandlingPolicy'> {
  /** What the browser is started with for this page. */
  readonly switches: string[] = [];
  readonly #preloadFile: string | undefined;
  #page: Page | null = null;
  #cdp: CDPSession | null = null;
  #frames: Frames | null = null;
  #home = '';
  #loading = '';
  #openHandler: WindowOpenHandler | null = null;

  constructor(preloadFile: string | undefined) {
    super();
    this.#preloadFile = preloadFile;
  }

  get mainFrame(): Frame {
    const main = this.#frames?.main ?? null;
    if (main === null) throw new Error('The window is still opening.');
    return main;
  }

  isDestroyed(): boolean {
    return this.#page?.isClosed() ?? false;
  }

  getURL(): string {
    return fromWeb(this.#page?.url() ?? '');
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#openHandler = handler;
  }

  /** In force from the start of the browser. */
  setWebRTCIPHandlingPolicy(policy: string): void {
    this.switches.push(`--webrtc-ip-handling-policy=${policy}`);
  }

  /** Tells the preload script of the main frame; lost while a page loads, as in Electron. */
  send(channel: string, ...values: unknown[]): void {
    const context = this.#frames?.mainPreloadContext() ?? null;
    if (context !== null) this.#receive(context, JSON.stringify({ channel, values: pack(values) }));
  }

  /** Puts the preload script and the rules in place before anything is loaded. */
  async attach({ page, context }: Browser): Promise<void> {
    this.#page = page;
    context.on('page', (other) => {
      if (other !== page && this.#openHandler?.({ url: other.url() } as Parameters<WindowOpenHandler>[0]).action !== 'allow') void other.close().catch(() => undefined);
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.#stayHome();
    });
    const cdp = await context.newCDPSession(page);
    this.#cdp = cdp;
    const frames = new Frames(cdp);
    this.#frames = frames;
    cdp.on('Runtime.bindingCalled', (event) => {
      if (event.name === BINDING) void this.#request(event.executionContextId, event.payload);
    });
    await Promise.all([context.route('**/*', (route) => this.#route(route)), frames.watch(), this.#addPreload(cdp)]);
  }

  async load(url: string, waitUntil: 'commit' | 'load' = 'load'): Promise<void> {
    const page = this.#page;
    if (page === null) throw new Error('The window is still opening.');
    const web = toWeb(url);
    if (this.#home === '') await applyPermissions(page.context(), new URL(web).origin);
    this.#home = url;
    this.#loading = web;
    await page.goto(web, { waitUntil });
  }

  async #addPreload(cdp: CDPSession): Promise<void> {
    if (this.#preloadFile === undefined) return;
    // A name that the page can not guess.
    const start = randomUUID();
    const preload = readFileSync(this.#preloadFile, 'utf8');
    // In this order: the page's own world must be listening when the preload script starts.
    await Promise.all([
      cdp.send('Runtime.addBinding', { name: BINDING, executionContextName: PRELOAD_WORLD }),
      cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldSource(start) }),
      cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: isolatedWorldSource(start, preload), worldName: PRELOAD_WORLD }),
    ]);
  }

  async #request(contextId: number, text: string): Promise<void> {
    const reply = await answerRequest(text, this, this.#frames?.ofContext(contextId) ?? null);
    if (reply !== null) this.#receive(contextId, reply);
  }

  #receive(contextId: number, text: string): void {
    // Fails when the page has gone meanwhile; then nobody waits for it.
    void this.#cdp
      ?.send('Runtime.callFunctionOn', {
        functionDeclaration: `function (text) { this[${JSON.stringify(RECEIVE)}](text); }`,
        executionContextId: contextId,
        arguments: [{ value: text }],
        silent: true,
      })
      .catch(() => undefined);
  }

  /** Our own files are answered from the protocol's handler; nothing else is ever fetched. */
  async #route(route: Route): Promise<void> {
    const request = route.request();
    const url = fromWeb(request.url());
    try {
      if (!this.#mayGo(request, url) || !isRequestAllowed(url)) return await route.abort('aborted');
      const response = await respond(url, request.method());
      if (response === null) return await route.abort('aborted');
      await route.fulfill({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      });
    } catch {
      // The window closed under the request.
    }
  }

  #mayGo(request: PageRequest, url: string): boolean {
    if (!request.isNavigationRequest()) return true;
    const isMainFrame = request.frame() === this.#page?.mainFrame();
    if (isMainFrame && request.url() === this.#loading) {
      this.#loading = '';
      return true;
    }
    let allowed = true;
    const event = {
      url,
      isMainFrame,
      preventDefault: () => {
        allowed = false;
      },
    };
    this.emit('will-frame-navigate', event);
    if (isMainFrame && allowed) this.emit('will-navigate', event);
    return allowed;
  }

  /** Some places, such as about:blank, are reached without a request: the window is brought back from them. */
  #stayHome(): void {
    const url = this.getURL();
    if (this.#home !== '' && !url.startsWith(this.#home)) void this.load(this.#home, 'commit').catch(() => undefined);
  }
}
