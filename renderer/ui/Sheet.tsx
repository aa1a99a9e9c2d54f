import { Button, TextInput } from '@mantine/core';
import { useEffect, useId, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import type { FailureText } from './FailurePanel.tsx';
import { FailurePanel } from './FailurePanel.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

/** A modal part of the window: the browser's own dialog, which keeps the focus inside and gives it back afterwards. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div className="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

export interface SheetProps {
  readonly title: string;
  /** What will happen. */
  readonly happens: ReactNode;
  /** What it touches. */
  readonly touches: ReactNode;
  /** How to come back. */
  readonly back: ReactNode;
  readonly warnings?: readonly string[];
  /** What must be typed; null where a click is enough. */
  readonly confirm?: { readonly text: string; readonly what: string } | null;
  readonly act: string;
  /** What goes back without it; set where "Cancel" could be taken for the act. */
  readonly leave?: string;
  /** False while there is nothing that could be confirmed. */
  readonly ready?: boolean;
  readonly danger?: boolean;
  readonly busy?: boolean;
  readonly failure?: FailureText | null;
  readonly onAct: (typed: string) => void;
  readonly onClose: () => void;
  /** Further input that the act needs. */
  readonly children?: ReactNode;
}

/** Consequences before an action: what will happen, what it touches, how to come back; then the confirmation. */
export function Sheet(props: SheetProps): ReactNode {
  const { title, happens, touches, back, warnings = [], confirm = null, act, leave = 'Cancel', ready = true, danger = false, busy = false, failure = null } = props;
  const [typed, setTyped] = useState('');
  const confirmed = confirm === null || typed === confirm.text;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (confirmed && ready && !busy) props.onAct(typed);
  };
  return (
    <Dialog title={title} onClose={props.onClose} wide>
      <div className="sheet-parts">
        <section>
          <h3>What will happen</h3>
          {happens}
        </section>
        <section>
          <h3>What it touches</h3>
          {touches}
        </section>
        <section>
          <h3>How to come back</h3>
          {back}
        </section>
      </div>
      {warnings.length === 0 ? null : (
        <ul className="warnings">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      {failure === null ? null : <FailurePanel failure={failure} />}
      <form className="sheet-form" onSubmit={submit}>
        {props.children}
        {confirm === null ? null : (
          <TextInput
            label={
              <>
                Type <code>{confirm.text}</code> ({confirm.what}) to confirm
              </>
            }
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <div className="dialog-acts">
          <Button variant="default" onClick={props.onClose}>
            {leave}
          </Button>
          <Button type="submit" className={danger ? 'danger' : ''} disabled={!confirmed || !ready} loading={busy}>
            {act}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
