import { useId, useRef, type ReactNode } from 'react';

/** A button with a small panel below it: the browser's own popover (Escape and a click beside it close it). */
export function PopoverButton({ label, children }: { label: string; children: ReactNode }): ReactNode {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const place = (): void => {
    if (panel.current === null || button.current === null) return;
    const { right, bottom } = button.current.getBoundingClientRect();
    panel.current.style.insetBlockStart = `${bottom + 4}px`;
    panel.current.style.insetInlineEnd = `${document.documentElement.clientWidth - right}px`;
  };
  return (
    <>
      <button type="button" ref={button} className="tool" popoverTarget={id} onClick={place}>
        {label} <span aria-hidden="true">▾</span>
      </button>
      <div ref={panel} id={id} popover="auto" className="popover" onClick={(event) => event.target instanceof HTMLButtonElement && panel.current?.hidePopover()}>
        {children}
      </div>
    </>
  );
}
