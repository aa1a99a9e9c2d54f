import { createInterface } from 'node:readline/promises';
import { AppError } from '../../main/errors.ts';
import { SecretBytes } from '../../main/secret.ts';

const INTERRUPT = 0x03;
const END_OF_INPUT = 0x04;
const ERASE: readonly number[] = [0x08, 0x7f];
const ENTER: readonly number[] = [0x0a, 0x0d];
const MAX_PASSWORD_BYTES = 1024;

type Keyboard = NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown };
type Screen = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Asks the person at the keyboard; the questions go to stderr, so that stdout stays the command's own. */
export class Terminal {
  readonly #keyboard: Keyboard;
  readonly #screen: Screen;

  constructor(keyboard: Keyboard, screen: Screen) {
    this.#keyboard = keyboard;
    this.#screen = screen;
  }

  /** Whether somebody can be asked. */
  get interactive(): boolean {
    return this.#keyboard.isTTY === true && this.#screen.isTTY === true;
  }

  /** A line that may be seen. @throws AppError `CANCELLED` */
  async ask(question: string): Promise<string> {
    const lines = createInterface({ input: this.#keyboard, output: this.#screen, terminal: true });
    const stopped = new AbortController();
    lines.on('SIGINT', () => stopped.abort());
    lines.on('close', () => stopped.abort());
    try {
      return await lines.question(question, { signal: stopped.signal });
    } catch {
      throw cancelled();
    } finally {
      lines.close();
      this.#screen.write('\n');
    }
  }

  /** A password, typed without echo. The caller disposes it. @throws AppError `CANCELLED`, `INPUT_INVALID` */
  async askPassword(question: string): Promise<SecretBytes> {
    // Echo goes off first: who answers at once must not see the password.
    this.#keyboard.setRawMode?.(true);
    this.#screen.write(question);
    const typed = Buffer.alloc(MAX_PASSWORD_BYTES);
    try {
      return SecretBytes.copyOf(typed.subarray(0, await this.#typeInto(typed)));
    } finally {
      typed.fill(0);
      this.#keyboard.setRawMode?.(false);
      this.#keyboard.pause();
      this.#screen.write('\n');
    }
  }

  /** Reads keys until Enter. @returns how many bytes of `typed` they are */
  #typeInto(typed: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      let length = 0;
      const settle = (outcome: () => void): void => {
        this.#keyboard.off('data', take).off('end', end);
        outcome();
      };
      const end = (): void => settle(() => reject(cancelled()));
      const take = (chunk: Buffer | string): void => {
        const bytes = Buffer.from(chunk as Buffer);
        try {
          for (const byte of bytes) {
            if (ENTER.includes(byte)) return settle(() => resolve(length));
            if (byte === INTERRUPT || byte === END_OF_INPUT) return settle(() => reject(cancelled()));
            if (ERASE.includes(byte)) length = withoutLastCharacter(typed, length);
            else if (length === typed.length) return settle(() => reject(tooLong()));
            else typed[length++] = byte;
          }
        } finally {
          bytes.fill(0);
          if (typeof chunk !== 'string') chunk.fill(0);
        }
      };
      this.#keyboard.on('data', take).on('end', end);
      this.#keyboard.resume();
    });
  }
}

/** In UTF-8 every byte of a character but its first is 10xxxxxx. */
function withoutLastCharacter(typed: Buffer, length: number): number {
  let start = Math.max(0, length - 1);
  while (start > 0 && ((typed[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  typed.fill(0, start, length);
  return start;
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'It was cancelled before anything was done.', 'Run the command again.');
}

function tooLong(): AppError {
  return new AppError('INPUT_INVALID', `A password has at most ${MAX_PASSWORD_BYTES} bytes. Nothing was done.`, 'Type the password of the KeyStore.');
}
