import { randomUUID } from 'node:crypto';
import { isAppError, type Failure } from '../../main/errors.ts';
import { scanPath, skippedWords, type ScanResult } from '../../main/config/scan.ts';
import type { FolderScan } from '../contract/config.ts';
import { wholePath } from '../home.ts';
import type { JobRun, Jobs } from './jobs.ts';

/** What a page can show; the command line has no such bound. */
const SHOWN_FINDINGS = 5_000;
const SHOWN_SKIPPED = 200;
/** Files between two reports of progress. */
const REPORT_EVERY = 20;

/** Searches of folders for hard-coded secrets, as jobs; the last one's result is kept while the process runs. */
export class FolderScans {
  readonly #jobs: Jobs;
  readonly #explain: (where: string, error: unknown) => Failure;
  #last: FolderScan | null = null;

  constructor(jobs: Jobs, explain: (where: string, error: unknown) => Failure) {
    this.#jobs = jobs;
    this.#explain = explain;
  }

  /** The last search, as far as it has come; null before the first. */
  last(): FolderScan | null {
    return this.#last;
  }

  /** Starts a search; one that runs is stopped first. How it ends is told by {@link last}. */
  async start(typed: string): Promise<{ id: string }> {
    if (this.#last?.state === 'running') await this.#jobs.stop(this.#last.id, 'cancelled').catch(() => undefined);
    const path = wholePath(typed);
    const id = randomUUID();
    this.#last = { id, path, state: 'running', findings: [], total: 0, files: 0, skipped: [], skippedTotal: 0, failure: null };
    this.#jobs.start('scan', `Search ${path} for secrets`, (run) => this.#scan(id, path, run), id);
    return { id };
  }

  async #scan(id: string, path: string, { signal, progress }: JobRun): Promise<void> {
    this.#show(id, { state: 'running', failure: null });
    try {
      const onFile = (files: number, found: number): void => {
        if (files % REPORT_EVERY !== 0) return;
        progress({ done: files, total: null, failed: 0 });
        this.#show(id, { files, total: found });
      };
      const result = await scanPath(path, { signal, onFile });
      progress({ done: result.files, total: result.files, failed: 0 });
      this.#show(id, { state: 'done', ...shown(result) });
    } catch (error) {
      this.#show(id, isAppError(error, 'CANCELLED') ? { state: 'stopped' } : { state: 'failed', failure: this.#explain('scan', error) });
      throw error;
    }
  }

  #show(id: string, change: Partial<FolderScan>): void {
    if (this.#last?.id === id) this.#last = { ...this.#last, ...change };
  }
}

function shown({ findings, total, files, skipped, skippedTotal }: ScanResult): Partial<FolderScan> {
  return {
    findings: findings.slice(0, SHOWN_FINDINGS).map((finding) => ({ ...finding, where: { ...finding.where } })),
    total,
    files,
    skipped: skipped.slice(0, SHOWN_SKIPPED).map((one) => ({ path: one.path, why: skippedWords(one) })),
    skippedTotal,
  };
}
