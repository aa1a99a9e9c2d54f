import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { KeyRing } from '../../main/masterkey/key-ring.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { VERSION } from '../version.ts';

/** How often a live process tells `k2system.nodes` that it is there, in milliseconds. */
export const SEEN_EVERY_MS = 60_000;

/** What the other nodes are told of this process while it is live (`k2system.nodes`). Times are milliseconds since the epoch (UTC). */
export class NodePresence {
  readonly #db: SystemDb;
  readonly #now: () => number;
  readonly #id = nodeId();
  #live: { readonly ring: KeyRing; readonly since: number } | null = null;
  #lastSeen = 0;
  #telling: NodeJS.Timeout | null = null;

  constructor(db: SystemDb, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** Since when it is live; null while it is not. */
  get since(): number | null {
    return this.#live?.since ?? null;
  }

  /** It is live with `ring` from now on, and goes on telling so by itself. @throws AppError `DATABASE_*`; nothing has changed then */
  async begin(ring: KeyRing): Promise<void> {
    const since = this.#now();
    await this.#tell(ring, since);
    this.#live = { ring, since };
    // Also where nothing else looks at the database: a worker without a window, a command that lasts.
    this.#telling ??= setInterval(() => void this.seen().catch(() => undefined), SEEN_EVERY_MS / 2).unref();
  }

  /**
   * Tells the cluster that this process is still there, once a minute however often it is called; nothing while it is not
   * live. `anew`: it counts as live since now, because the demo's clock stood in the past before. @throws AppError `DATABASE_*`
   */
  async seen(anew = false): Promise<void> {
    const now = this.#now();
    const live = this.#live;
    if (live === null || (!anew && now - this.#lastSeen < SEEN_EVERY_MS)) return;
    const since = anew ? now : live.since;
    await this.#tell(live.ring, since);
    // Meanwhile it may have ended, or gone live with another key ring.
    if (this.#live === live) this.#live = { ring: live.ring, since };
  }

  /** It is live no more. */
  end(): void {
    if (this.#telling !== null) clearInterval(this.#telling);
    this.#telling = null;
    this.#live = null;
  }

  async #tell(ring: KeyRing, since: number): Promise<void> {
    const lastSeen = this.#now();
    await this.#db.nodes.put({ id: this.#id, host: hostname(), version: VERSION, dataCenter: this.#db.topology?.localDataCenter ?? null, liveSince: since, lastSeen, keystoreDigest: ring.protection.digest, notes: notesOf(ring) });
    this.#lastSeen = lastSeen;
  }
}

/** What going live has to tell beyond "it works". */
export function notesOf({ stale }: KeyRing): string[] {
  if (stale.size === 0) return [];
  const many = stale.size === 1 ? '1 key generation' : `${stale.size} key generations`;
  return [
    `This node's KeyStore copy is stale: it lacks the history records of ${many}. It holds the same protection key, so everything is readable; copy the newest file over it before the protection key is rotated.`,
  ];
}

/** Stable for one host and process: the node's name in k2system.nodes. */
function nodeId(): string {
  return createHash('sha256').update(`${hostname()}\n${process.pid}\n${randomUUID()}`).digest('hex').slice(0, 16);
}
