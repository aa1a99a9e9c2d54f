import { alignConfigs } from '../../main/config/compare.ts';
import type { Finding } from '../../main/config/finding.ts';
import type { NodeFiles } from '../../main/config/lint-nodes.ts';
import { isSecret, parameterOf, PARAMETERS } from '../../main/config/parameters.ts';
import { keyPath } from '../../main/config/parse.ts';
import type { ConfigRow, ConfigView, FindingView } from '../contract/config.ts';

type Row = Omit<ConfigRow, 'findings'> & { findings: FindingView[] };

/** What was read of a profile's nodes, and what was found wrong. */
export interface ReadConfigs {
  readonly profile: string;
  readonly nodes: ConfigView['nodes'];
  /** Of the nodes whose file could be read. */
  readonly read: readonly NodeFiles[];
  readonly findings: readonly Finding[];
}

/** Side by side: the keys that differ or are wrong, each with its findings; what concerns no key stands apart. */
export function viewOf({ profile, nodes, read, findings }: ReadConfigs): ConfigView {
  const rows: Row[] = alignConfigs(read).map((key) => ({ ...key, values: key.values.map((value) => ({ ...value })), findings: [] }));
  const apart: FindingView[] = [];
  for (const finding of findings) {
    const shown = { ...finding, where: { ...finding.where } };
    const row = rows.find((one) => isAbout(finding, one, read)) ?? missingRow(finding, rows, read);
    (row?.findings ?? apart).push(shown);
  }
  const shownRows = rows.filter(({ differs, findings: own }) => differs || own.length > 0);
  const parameters = PARAMETERS.map(({ section, key, secret, ofTheNode }) => ({ section, key, secret, ofTheNode }));
  return { profile, nodes, rows: shownRows, sameKeys: rows.length - shownRows.length, findings: apart, parameters };
}

/** By its key, or by the line that it stands in: a secret in a value is found without its key being known. */
function isAbout({ where }: Finding, { section, key, values }: Row, read: readonly NodeFiles[]): boolean {
  if (!read.some(({ node, file }) => node === where.node && file === where.file)) return false;
  if (where.key !== null) return where.key === keyPath(section, key);
  return where.line !== null && values.some(({ node, line }) => node === where.node && line === where.line);
}

/** A row for a parameter that is in no file, because it should be. */
function missingRow({ where }: Finding, rows: Row[], read: readonly NodeFiles[]): Row | null {
  const parameter = PARAMETERS.find(({ section, key }) => where.key === keyPath(section, key));
  if (parameter === undefined) return null;
  const { section, key } = parameter;
  const row = { section, key, secret: isSecret(section, key), ofTheNode: parameterOf(section, key)?.ofTheNode ?? false, differs: false, values: read.map(({ node }) => ({ node, value: null, line: null, group: 0 })), findings: [] };
  const last = rows.findLastIndex((one) => one.section === section);
  rows.splice(last === -1 ? rows.length : last + 1, 0, row);
  return row;
}
