import { isAppError, toFailure, type AppError } from '../../main/errors.ts';
import type { ReplacementStep } from '../contract/kms-replace.ts';

/** What a step found, and whether somebody should look at it. */
export interface Found {
  readonly detail: string;
  readonly warning?: boolean;
}

/** The checks and steps of a replacement in their order, told while they run. */
export class ReplacementSteps {
  readonly #tell: (step: ReplacementStep) => void;
  readonly #steps = new Map<string, ReplacementStep>();
  #failure: AppError | null = null;

  constructor(tell: (step: ReplacementStep) => void) {
    this.#tell = tell;
  }

  get list(): ReplacementStep[] {
    return [...this.#steps.values()];
  }

  /** The first one that failed. */
  get failure(): AppError | null {
    return this.#failure;
  }

  /** Runs a check. @returns what it answered; null where it failed, which is kept. */
  async check<T>(id: string, title: string, body: () => Promise<T>, found: (answer: T) => Found): Promise<T | null> {
    try {
      return await this.run(id, title, body, found);
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#failure ??= error;
      return null;
    }
  }

  /** Runs a step. @throws what the body throws, once it is told */
  async run<T>(id: string, title: string, body: () => Promise<T>, found: (answer: T) => Found): Promise<T> {
    this.#put({ id, title, state: 'running', detail: '', ms: null, failure: null });
    const began = performance.now();
    try {
      const answer = await body();
      const { detail, warning = false } = found(answer);
      this.#put({ id, title, state: warning ? 'warning' : 'done', detail, ms: performance.now() - began, failure: null });
      return answer;
    } catch (error) {
      if (isAppError(error)) this.#put({ id, title, state: 'failed', detail: error.message, ms: performance.now() - began, failure: toFailure(error, '') });
      throw error;
    }
  }

  skip(id: string, title: string, detail: string): void {
    this.#put({ id, title, state: 'skipped', detail, ms: null, failure: null });
  }

  #put(step: ReplacementStep): void {
    this.#steps.set(step.id, step);
    this.#tell(step);
  }
}
