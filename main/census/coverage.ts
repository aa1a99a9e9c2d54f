import type { Gap } from './result.ts';

/** What decides how much a census can say. */
export interface Covered {
  /** Null where the whole count was one read of one moment. */
  readonly span: { readonly startedAt: number; readonly endedAt: number } | null;
  readonly ranges: number;
  readonly notCovered: readonly Gap[];
  /** The only LUs that were counted; null for all. */
  readonly only: readonly string[] | null;
}

/** In whole sentences, what a census does not cover: whoever decides on its figures has to know. */
export function limitsOf({ span, ranges, notCovered, only }: Covered): string[] {
  const says: string[] = [];
  if (notCovered.length > 0) {
    const codes = [...new Set(notCovered.map((gap) => gap.code))].sort().join(', ');
    const of = `${figure(notCovered.length)} of ${figure(ranges)} range${ranges === 1 ? '' : 's'}`;
    says.push(`${of} could not be read (${codes}): what lies in ${notCovered.length === 1 ? 'it' : 'them'} is not counted, so every figure may be too low.`);
  }
  if (only !== null) says.push(only.length === 0 ? 'No LU was counted.' : `Only ${only.join(', ')} ${only.length === 1 ? 'was' : 'were'} counted; other LUs are not in these figures.`);
  if (span !== null) {
    says.push(
      `Instances that were saved or removed while it ran (${utc(span.startedAt)} to ${utc(span.endedAt)}) are counted as they were before or after; what came later is not in it.`,
    );
  }
  says.push(
    'Values that luEncrypt sealed by themselves name their own generation, wherever they lie; they are not counted.',
    'Backups, snapshots and copies of the system database are not counted: a restored one needs its generations too.',
  );
  return says;
}

function figure(count: number): string {
  return count.toLocaleString('en-US');
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
