import type { Finding } from '../../main/config/finding.ts';
import { counted, printable } from './text.ts';

/** Findings as people read them: what, where, what to do. */
export function findingsText(findings: readonly Finding[], none: string): string {
  if (findings.length === 0) return `${none}\n`;
  const open = findings.filter(({ severity }) => severity !== 'note').length;
  const lines = findings.map(({ severity, code, what, where, remedy }) => {
    const place = `${where.file}${where.line === null ? '' : `:${where.line}`}${where.node === null ? '' : ` (node ${where.node})`}`;
    return `${severity.toUpperCase()} ${code}  ${printable(place)}\n  ${printable(what)}\n  ${printable(remedy)}\n`;
  });
  return `${lines.join('')}${counted(findings.length, 'finding')}, ${open} to be mended.\n`;
}

/** Whether somebody has to act: notes alone break nothing. */
export function isBroken(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity !== 'note');
}
