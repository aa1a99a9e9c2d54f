import type { ActivationProgress } from '../../main/masterkey/activate.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import { figure } from './text.ts';

/** Back to the line's start, and the line emptied. */
const CLEAR = '\r\u001b[2K';

const STEPS: Readonly<Record<ActivationProgress['step'], string>> = {
  generated: 'a new key was generated',
  wrapped: 'wrapped under the protection key',
  stored: 'storing its stripes',
  'read-back': 'read back',
  verified: 'unwrapped and compared',
  described: 'described',
  active: 'active',
  lost: 'another activation was first',
  failed: 'failed',
};

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What long work has reached, on one line of a terminal that is written over; nothing where there is none. */
export class Progress {
  readonly #screen: Screen;
  #shown = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(event: ConsoleEvent): void {
    if (this.#screen.isTTY !== true) return;
    if (event.type === 'activation') {
      const stripes = event.stripes === null ? '' : ` (${event.stripes.stored} of ${event.stripes.total})`;
      this.#line(`${event.name}: ${STEPS[event.step]}${stripes}`);
    }
    if (event.type === 'replacement' && event.step.state === 'running') this.#line(event.step.title);
    if (event.type !== 'job') return;
    const { title, state, done, total, rate, left } = event.job;
    if (state !== 'running') return this.clear();
    const speed = rate === null ? '' : `, ${figure(Math.round(rate))} a second`;
    const remaining = left === null ? '' : `, ${figure(Math.ceil(left / 1000))} s left`;
    this.#line(`${title}: ${figure(done)}${total === null ? '' : ` of ${figure(total)}`}${speed}${remaining}`);
  }

  /** One line in place of the last. */
  tell(text: string): void {
    if (this.#screen.isTTY === true) this.#line(text);
  }

  /** Empties the line, so that other output may follow. */
  clear(): void {
    if (this.#shown) this.#screen.write(CLEAR);
    this.#shown = false;
  }

  #line(text: string): void {
    // A terminal that does not know its width says 0.
    this.#screen.write(CLEAR + text.slice(0, (this.#screen.columns || 80) - 1));
    this.#shown = true;
  }
}
