export type Severity = 'critical' | 'warning' | 'note';

/** Something in a configuration or a folder that somebody should look at. No field ever holds a secret. */
export interface Finding {
  readonly severity: Severity;
  /** Stable, for scripts: what kind of finding it is. */
  readonly code: string;
  /** What was found, as a sentence. */
  readonly what: string;
  readonly where: Place;
  /** What to do. */
  readonly remedy: string;
}

export interface Place {
  readonly file: string;
  /** From 1; null where it concerns the file as a whole. */
  readonly line: number | null;
  /** `SECTION.KEY`, or `KEY` before any section; null where no key is concerned. */
  readonly key: string | null;
  /** The node whose file it is; null outside of a profile. */
  readonly node: string | null;
}
