import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { CommandProblem, ParsedCommand } from '../../../app/contract/command.ts';
import { ask, queries } from '../../api.ts';

export const EMPTY_FORM: ParsedCommand = { name: '', generatorType: 'Java_AES', storeType: 'Stripe_AES', args: null };

export interface Command {
  readonly text: string;
  /** What the line says, as far as it was last understood. */
  readonly form: ParsedCommand;
  readonly problem: CommandProblem | null;
  /** The line can not be read, so the form shows something else than it says. */
  readonly outOfStep: boolean;
  /** The line was read and holds no mistake. */
  readonly sound: boolean;
  readonly write: (text: string) => void;
  readonly fill: (change: Partial<ParsedCommand>) => void;
}

/** The line and the form, in step: writing the one rewrites the other, the line being what counts. */
export function useCommand(initial: string): Command {
  const [text, setText] = useState(initial);
  const [filled, setFilled] = useState<ParsedCommand>(EMPTY_FORM);
  /** What the form wrote last: a line that says what the form shows, though it may hold a mistake. */
  const [fromForm, setFromForm] = useState<string | null>(null);
  /** The newest change of the form: an older answer that comes late is not written. */
  const turn = useRef(0);
  const parsed = useQuery({ ...queries.parse(text), enabled: text.trim() !== '', placeholderData: (before) => before });
  const read = parsed.data?.command ?? null;
  // What the line says goes into the form; while it says nothing, the form keeps what it had.
  // Also what was read before the page was opened once more.
  const [seen, setSeen] = useState<ParsedCommand | null>(null);
  if (read !== null && read !== seen) {
    setSeen(read);
    setFilled(read);
  }
  const blank = text.trim() === '';
  const problem = blank ? null : (parsed.data?.problem ?? null);
  return {
    text,
    form: filled,
    problem,
    // While an answer is on its way, what was true of the line before it stays.
    outOfStep: !blank && text !== fromForm && parsed.data !== undefined && read === null,
    sound: !blank && read !== null && problem === null && !parsed.isPlaceholderData,
    write: (next) => {
      turn.current += 1;
      setText(next);
      setFromForm(null);
      // An empty line says nothing, and neither does the form.
      if (next.trim() === '') setFilled(EMPTY_FORM);
    },
    fill: (change) => {
      const mine = ++turn.current;
      setFilled({ ...filled, ...change });
      // Before the line was read for the first time the form is blank: what the line says must not be lost to it.
      const base = parsed.data === undefined && !blank ? ask((c) => c.command.parse({ text })).then(({ command }) => command ?? filled) : Promise.resolve(filled);
      base.then((known) => ask((c) => c.command.format({ ...known, ...change }))).then(
        ({ text: written }) => {
          if (mine !== turn.current) return;
          setText(written);
          setFromForm(written);
        },
        // A form that can not be written as a line (an impossible value) stays as it is; the line tells nothing new.
        () => undefined,
      );
    },
  };
}
