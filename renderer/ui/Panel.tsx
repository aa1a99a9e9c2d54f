import type { ReactNode } from 'react';

/** The detail of what is selected, beside the page that it belongs to. */
export function Panel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }): ReactNode {
  return (
    <aside
      className="panel"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onClose();
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
