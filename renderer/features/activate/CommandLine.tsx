import { useQuery } from '@tanstack/react-query';
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { CommandProblem } from '../../../app/contract/command.ts';
import { ask } from '../../api.ts';
import './command-line.css';

interface CommandLineProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly problem: CommandProblem | null;
  /** Enter, where it chooses no completion. */
  readonly onEnter: () => void;
  readonly label: string;
  readonly autoFocus?: boolean;
  readonly disabled?: boolean;
}

/** The activatekey line: completion at the cursor, and each mistake underlined where it stands. */
export function CommandLine({ text, onChange, problem, onEnter, label, autoFocus = false, disabled = false }: CommandLineProps): ReactNode {
  const input = useRef<HTMLTextAreaElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [chosen, setChosen] = useState(-1);
  const id = useId();
  const found = useQuery({
    queryKey: ['command', 'complete', text, cursor],
    queryFn: () => ask((c) => c.command.complete({ text, cursor: cursor ?? 0 })),
    enabled: cursor !== null,
    placeholderData: (before) => before,
  });
  const completions = cursor === null ? [] : (found.data?.completions ?? []).slice(0, 8);
  // Whoever types on from another field goes on at the end of what is written.
  useLayoutEffect(() => {
    const field = input.current;
    if (autoFocus && field !== null) {
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    }
  }, [autoFocus]);
  const close = (): void => {
    setCursor(null);
    setChosen(-1);
  };
  const take = (index: number): void => {
    const completion = completions[index];
    if (completion === undefined) return;
    const next = text.slice(0, completion.from) + completion.insert + text.slice(completion.to);
    const at = completion.from + completion.insert.length;
    onChange(next);
    setChosen(-1);
    setCursor(at);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const open = completions.length > 0;
    if (event.key === 'ArrowDown' && open) setChosen((chosen + 1) % completions.length);
    else if (event.key === 'ArrowUp' && open) setChosen(chosen <= 0 ? completions.length - 1 : chosen - 1);
    else if (event.key === 'Tab' && open && !event.shiftKey) take(Math.max(0, chosen));
    else if (event.key === 'Enter') {
      if (open && chosen >= 0) take(chosen);
      else {
        close();
        onEnter();
      }
    } else if (event.key === 'Escape' && (open || found.isFetching)) {
      // Also those that are still on their way, or they would lie over what stands below.
      event.stopPropagation();
      close();
    } else if (event.key === ' ' && event.ctrlKey) setCursor(input.current?.selectionStart ?? text.length);
    else return;
    event.preventDefault();
  };
  const marked = problem === null ? null : { start: Math.min(problem.start, text.length), end: Math.min(Math.max(problem.end, problem.start), text.length) };
  return (
    <div className="command-line">
      <div className="command-field">
        <div className="command-mirror" aria-hidden="true">
          {marked === null ? (
            text
          ) : (
            <>
              {text.slice(0, marked.start)}
              <mark>{text.slice(marked.start, marked.end) || ' '}</mark>
              {text.slice(marked.end)}
            </>
          )}{' '}
        </div>
        <textarea
          ref={input}
          value={text}
          rows={1}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          aria-label={label}
          aria-autocomplete="list"
          aria-controls={id}
          aria-describedby={`${id}-problem`}
          aria-invalid={problem !== null}
          {...(chosen >= 0 && completions.length > 0 ? { 'aria-activedescendant': `${id}-${chosen}` } : {})}
          disabled={disabled}
          placeholder="activatekey name='masterkey_key_name'"
          onChange={(event) => {
            // One line, also where several are pasted.
            onChange(event.currentTarget.value.replace(/\s*\n\s*/g, ' '));
            setCursor(event.currentTarget.selectionStart);
            setChosen(-1);
          }}
          onKeyDown={onKeyDown}
          onClick={close}
          onBlur={close}
        />
      </div>
      <div id={`${id}-problem`} className="command-problem" aria-live="polite">
        {problem === null ? null : <Problem problem={problem} text={text} onChange={onChange} />}
      </div>
      <ul id={id} role="listbox" aria-label="Completions" className="completions" hidden={completions.length === 0}>
        {completions.map((completion, index) => (
          <li
            key={`${completion.label} ${completion.insert}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onMouseDown={(event) => {
              event.preventDefault();
              take(index);
            }}
          >
            <code>{completion.label}</code>
            <span className="quiet">{completion.detail}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Problem({ problem, text, onChange }: { problem: CommandProblem; text: string; onChange: (text: string) => void }): ReactNode {
  const { suggestion } = problem;
  return (
    <>
      <p>
        <strong>{problem.message}</strong> {problem.remedy} <code className="quiet">{problem.code}</code>
      </p>
      {suggestion === null ? null : (
        <button type="button" className="tool" onClick={() => onChange(text.slice(0, problem.start) + suggestion + text.slice(problem.end))}>
          Did you mean <code>{suggestion}</code>?
        </button>
      )}
    </>
  );
}
