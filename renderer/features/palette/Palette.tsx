import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { asFailure, ask, queries } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Keys } from '../../ui/Keys.tsx';
import { CommandLine } from '../activate/CommandLine.tsx';
import { activateSentence } from '../activate/sentence.ts';
import { useCommand } from '../activate/use-command.ts';
import { entriesFor, isCommand, type Entry } from './entries.ts';
import './palette.css';

interface PaletteProps {
  readonly onClose: () => void;
  readonly onHelp: () => void;
  readonly onLock: () => void;
}

/** One field for every way: pages, keys, acts, themes; and the command line, once the text begins like it. */
export function Palette({ onClose, onHelp, onLock }: PaletteProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const { history } = useRouter();
  const client = useQueryClient();
  const command = useCommand('');
  const [failure, setFailure] = useState<unknown>(null);
  // Before its parts take the focus: a dialog that opens takes it for itself.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  const open = ({ target }: Entry): void => {
    onClose();
    if (target.kind === 'go') history.push(target.to);
    else if (target.kind === 'act') (target.act === 'lock' ? onLock : onHelp)();
    else {
      const { theme } = target;
      void (async () => {
        try {
          const before = await client.ensureQueryData(queries.preferences());
          await ask((c) => c.preferences.set({ ...before, theme }));
          await client.invalidateQueries({ queryKey: ['preferences'] });
        } catch (error) {
          setFailure(error);
        }
      })();
    }
  };
  const asCommand = isCommand(command.text);
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Palette"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
    >
      <div className="palette-body">
        {asCommand ? (
          <>
            <CommandLine
              label="Command"
              text={command.text}
              onChange={command.write}
              problem={/\s/.test(command.text.trimStart()) ? command.problem : null}
              autoFocus
              onEnter={() => {
                onClose();
                history.push(`/activate?${new URLSearchParams({ command: command.text }).toString()}`);
              }}
            />
            <Preview text={command.text} sound={command.sound} />
          </>
        ) : (
          <Search text={command.text} onChange={command.write} onOpen={open} />
        )}
        {failure === null ? null : <FailurePanel failure={asFailure(failure)} />}
      </div>
    </dialog>
  );
}

function Search({ text, onChange, onOpen }: { text: string; onChange: (text: string) => void; onOpen: (entry: Entry) => void }): ReactNode {
  const keys = useQuery(queries.keys());
  const id = useId();
  const [chosen, setChosen] = useState(0);
  const entries = entriesFor(text, keys.data?.keys ?? []);
  const current = Math.min(chosen, entries.length - 1);
  const input = useRef<HTMLInputElement>(null);
  // Also where the list takes the place of the command line: typing goes on at the end.
  useLayoutEffect(() => {
    const field = input.current;
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  }, []);
  useEffect(() => {
    // Newer browsers answer with a promise: an effect must not return it.
    void document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, current]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const entry = entries[current];
    if (event.key === 'ArrowDown') setChosen((current + 1) % Math.max(1, entries.length));
    else if (event.key === 'ArrowUp') setChosen((current - 1 + entries.length) % Math.max(1, entries.length));
    else if (event.key === 'Enter' && entry !== undefined) onOpen(entry);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        ref={input}
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-autocomplete="list"
        aria-label="Go to a page, a key or an act, or write activatekey"
        {...(entries.length === 0 ? {} : { 'aria-activedescendant': `${id}-${current}` })}
        placeholder="activatekey, key, page…"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          onChange(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={id} role="listbox" aria-label="Ways" className="palette-list">
        {entries.map((entry, index) => (
          <li
            key={`${entry.group} ${entry.label}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            onMouseMove={() => setChosen(index)}
            onClick={() => onOpen(entry)}
          >
            <span className="palette-group">{entries[index - 1]?.group === entry.group ? '' : entry.group}</span>
            <span className={entry.group === 'Keys' ? 'mono' : ''}>{entry.label}</span>
            <span className="quiet palette-detail">{entry.detail}</span>
          </li>
        ))}
      </ul>
      {entries.length === 0 ? <p className="quiet palette-none">Nothing is called that. A command begins with activatekey.</p> : null}
    </>
  );
}

/** What the line would do; it is carried out on its own page only, after its plan was shown. */
function Preview({ text, sound }: { text: string; sound: boolean }): ReactNode {
  const plan = useQuery({ ...queries.plan(text), enabled: sound });
  if (!sound) return <p className="quiet palette-none">Tab takes a completion.</p>;
  if (plan.error !== null) return <FailurePanel failure={asFailure(plan.error)} />;
  if (plan.data === undefined) return null;
  return (
    <div className="palette-preview">
      <p>{activateSentence(plan.data, false).text}</p>
      <p className="quiet">
        {plan.data.steps.map((step) => step.title).join(' → ')}
      </p>
      <p className="palette-enter">
        <Keys keys={['Enter']} /> opens the plan; nothing runs before you confirm it there.
      </p>
    </div>
  );
}
