import { useId, type ReactNode } from 'react';

/** A titled part of a page. No frame of its own: a line above it is enough. */
export function Section({ title, acts, children, className = '' }: { title: string; acts?: ReactNode; children: ReactNode; className?: string }): ReactNode {
  const id = useId();
  return (
    <section className={`section ${className}`} aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {acts === undefined ? null : <div className="section-acts">{acts}</div>}
      </div>
      {children}
    </section>
  );
}
