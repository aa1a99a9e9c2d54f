import type { ReactNode } from 'react';

/** The detail of what is selected, beside the page that it belongs to. */
export function Panel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }): ReactNode {
  return (
    <aside
      className="panel"
      aria-label={title}
      onKeyDown={(event) => {
        // In a sheet that was opened from here the key means the sheet.
        const inSheet = event.target instanceof Element && event.target.closest('dialog') !== null;
        if (event.key === 'Escape' && !event.defaultPrevented && !inSheet) onClose();
      }}
    >
      <div className="panel-head">
        <h2>{title}</h2>
        <button type="button" className="close" onClick={onClose} aria-label={`Close: ${title}`}>
          ✕
        </button>
      </div>
      <div className="panel-body">{children}</div>
    </aside>
  );
}
