import { useId, type CSSProperties, type ReactNode } from 'react';

interface SectionProps {
  readonly title: string;
  readonly acts?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
  /** Figures for the style sheet, as custom properties. */
  readonly style?: Readonly<Record<`--${string}`, number>> & CSSProperties;
}

/** A titled part of a page. No frame of its own: a line above it is enough. */
export function Section({ title, acts, children, className = '', style }: SectionProps): ReactNode {
  const id = useId();
  return (
    <section className={`section ${className}`} style={style} aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {acts === undefined ? null : <div className="section-acts">{acts}</div>}
      </div>
      {children}
    </section>
  );
}
