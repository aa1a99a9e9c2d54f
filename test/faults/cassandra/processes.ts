import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HOME_PROFILE } from './three-nodes.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Another process on the cluster, see worker.ts, and what it said until now. */
export class Worker {
  readonly #child: ChildProcess;
  readonly lines: string[] = [];
  /** Resolves when it is gone: with the signal, 0, or `failed: ` and what it wrote on stderr. */
  readonly gone: Promise<string | number>;
  #errors = '';
  #isGone = false;

  /** @param through `address:port` of the node that it talks to */
  constructor(home: string, act: readonly string[], through?: string) {
    const env = { ...process.env, ...(through === undefined ? {} : { FKC_TEST_THROUGH: through }) };
    this.#child = spawn(process.execPath, [WORKER, home, HOME_PROFILE, ...act], { stdio: 'pipe', env });
    const { stdout, stderr, stdin } = this.#child;
    let rest = '';
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = `${rest}${text}`.split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    stdin?.on('error', () => undefined);
    this.gone = once(this.#child, 'close').then(([code, signal]) => {
      this.#isGone = true;
      return (signal as string | null) ?? (code === 0 ? 0 : `failed: ${this.#errors}`);
    });
  }

  kill(): Promise<string | number> {
    this.#child.kill('SIGKILL');
    return this.gone;
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  stop(): Promise<string | number> {
    this.tell('stop');
    return this.gone;
  }

  /** The first line from the `from`-th on that matches; fails where the process ends before, or says none in time. */
  async says(what: RegExp, from = 0, ms = 180_000): Promise<string> {
    for (const end = Date.now() + ms; ; await delay(20)) {
      const line = this.lines.slice(from).find((one) => what.test(one));
      if (line !== undefined) return line;
      if (this.#isGone || Date.now() > end) throw new Error(`It never said ${what}, but: ${this.lines.slice(-5).join(' | ')} ${this.#errors}`);
    }
  }
}

/** What savers told, of each instance that they saved: the newest acknowledged counter, and the newest that was tried. */
export class Saved {
  readonly acknowledged = new Map<string, number>();
  readonly tried = new Map<string, number>();

  /** The counter that every instance held before. */
  readonly first: number;

  constructor(first = 0) {
    this.first = first;
  }

  note({ lines }: Worker): void {
    for (const line of lines) {
      const [word, id = '', counter] = line.split(' ');
      if (word !== 'saved' && word !== 'failed') continue;
      raise(this.tried, id, Number(counter));
      if (word === 'saved') raise(this.acknowledged, id, Number(counter));
    }
  }
}

function raise(map: Map<string, number>, id: string, to: number): void {
  map.set(id, Math.max(map.get(id) ?? 0, to));
}
