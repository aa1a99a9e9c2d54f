import type { KmsProvider } from './provider.ts';

/** A request, its repetitions and the wait for its turn are over long before; so is what asks one after the other. */
const QUIET_MS = 60_000;

/**
 * Providers that a change of the configuration took out of use. Whoever holds one goes on with it; it is closed, with its
 * connections and credentials, once nobody asked it anything for a while.
 */
export class RetiredProviders {
  readonly #quietMs: number;
  readonly #looks = new Map<KmsProvider, NodeJS.Timeout>();

  constructor(quietMs = QUIET_MS) {
    this.#quietMs = quietMs;
  }

  add(provider: KmsProvider): void {
    let before = requestsOf(provider);
    const look = (): void => {
      const now = requestsOf(provider);
      if (now === before) this.#end(provider);
      before = now;
    };
    // It keeps no process alive.
    this.#looks.set(provider, setInterval(look, this.#quietMs).unref());
  }

  /** Closes them now. @param which all where not told */
  close(which: (provider: KmsProvider) => boolean = () => true): void {
    for (const provider of this.#looks.keys()) if (which(provider)) this.#end(provider);
  }

  #end(provider: KmsProvider): void {
    clearInterval(this.#looks.get(provider));
    this.#looks.delete(provider);
    provider.close();
  }
}

function requestsOf(provider: KmsProvider): number {
  return provider.endpoints().reduce((sum, { requests }) => sum + requests, 0);
}
