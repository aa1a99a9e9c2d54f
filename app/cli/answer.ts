import type { Session } from './session.ts';

/** What a command has to tell once it is done. */
export interface Answer {
  /** The one document of `--json`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What a person reads, or the bytes that were asked for; written to stdout as it is. Bytes are zeroed once they are written. */
  readonly text: string | Uint8Array;
  /** The command worked, and what it checked does not hold: exit code 1. */
  readonly broken?: boolean;
}

/** A command whose arguments are understood. */
export type Act = (session: Session) => Promise<Answer>;

/** Takes what a command line asks for; nothing is done while it is being read. */
export type Choose = (act: Act) => void;
