import type { RegionAuditView, RegionKeyView, RegionNodeView, RegionPlaceView } from '../../../app/contract/regions.ts';

/** One row: a node, and one KMS that it uses. */
export interface UseRow {
  readonly id: string;
  readonly node: string;
  readonly provider: string | null;
  readonly region: string | null;
  /** As its config.ini names it. */
  readonly key: string | null;
  readonly found: RegionKeyView | null;
  /** Why nothing is known. */
  readonly whyNot: { readonly code: string; readonly message: string } | null;
}

export interface Column {
  readonly id: string;
  readonly provider: string;
  readonly region: string;
  /** Null before the first audit. */
  readonly asked: RegionPlaceView | null;
}

/** What a cell says: `none` where the KMS is another one, or nothing was asked yet. */
export type CellState = 'none' | 'configured' | 'there' | 'off' | 'missing' | 'unknown';

export interface Cell {
  readonly state: CellState;
  readonly word: string;
  /** The node names this region. */
  readonly own: boolean;
  /** In what the key here differs from its other copies, in words. */
  readonly differs: readonly string[];
}

export function columnsOf(nodes: readonly RegionNodeView[], audit: RegionAuditView | null): Column[] {
  const columns = new Map<string, Column>();
  const add = (provider: string, region: string, asked: RegionPlaceView | null): void => {
    const id = `${provider} ${region}`;
    if (!columns.has(id)) columns.set(id, { id, provider, region, asked });
  };
  for (const place of audit?.regions ?? []) add(place.provider, place.region, place);
  for (const { provider, region } of nodes.flatMap(({ uses }) => uses)) if (region !== null) add(provider, region, null);
  return [...columns.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function rowsOf(nodes: readonly RegionNodeView[], audit: RegionAuditView | null): UseRow[] {
  const audited = new Map((audit?.nodes ?? []).map((node) => [node.node, node]));
  const keys = new Map((audit?.keys ?? []).map((key) => [`${key.provider} ${key.key}`, key]));
  return nodes.flatMap((node): UseRow[] => {
    if (node.uses.length === 0) return [{ id: node.node, node: node.node, provider: null, region: null, key: null, found: null, whyNot: node.whyNot }];
    return node.uses.map((use) => {
      const then = audited.get(node.node)?.uses.find((one) => one.provider === use.provider && one.key === use.key && one.region === use.region);
      const found = then === undefined || then.keyId === null ? null : (keys.get(`${use.provider} ${then.keyId}`) ?? null);
      return { id: `${node.node} ${use.provider}`, node: node.node, provider: use.provider, region: use.region, key: use.key, found, whyNot: then?.whyNot ?? null };
    });
  });
}

const WORDS: Readonly<Record<string, string>> = {
  STATE_DIFFERS: 'state',
  ROTATION_DIFFERS: 'rotation',
  ALIASES_DIFFER: 'aliases',
  TAGS_DIFFER: 'tags',
  POLICY_DIFFERS: 'policy',
  GRANTS_DIFFER: 'grants',
};

/** `policy, tags`: in what a key's copies differ. */
export function differsWords(key: RegionKeyView): string {
  return key.differs.map(({ code }) => WORDS[code] ?? code).join(', ');
}

export function cellOf(row: UseRow, column: Column): Cell {
  const own = row.provider === column.provider && row.region === column.region;
  if (row.provider !== column.provider) return { state: 'none', word: '', own: false, differs: [] };
  const copy = row.found?.regions.find(({ region }) => region === column.region);
  if (copy === undefined) {
    if (!own) return { state: 'none', word: '', own, differs: [] };
    return column.asked === null ? { state: 'configured', word: 'not asked yet', own, differs: [] } : { state: row.whyNot?.code === 'KMS_KEY_NOT_FOUND' ? 'missing' : 'unknown', word: row.whyNot?.code === 'KMS_KEY_NOT_FOUND' ? 'not there' : 'not known', own, differs: [] };
  }
  const differs = (row.found?.differs ?? []).flatMap(({ code, groups }) => {
    // What most copies have alike is taken for meant.
    const usual = groups.toSorted((a, b) => b.places.length - a.places.length)[0];
    return usual !== undefined && groups.some((group) => group !== usual && group.places.includes(column.region)) ? [WORDS[code] ?? code] : [];
  });
  if (copy.exists === 'unknown') return { state: 'unknown', word: 'not known', own, differs };
  if (copy.exists === 'no') return { state: 'missing', word: 'not there', own, differs };
  return { state: copy.state === 'enabled' ? 'there' : 'off', word: (copy.state ?? '').replace('-', ' '), own, differs };
}

/** Whether a node can not wrap a new master key where it is. */
export function isStuck(row: UseRow): boolean {
  if (row.found === null) return row.whyNot?.code === 'KMS_KEY_NOT_FOUND';
  const copy = row.found.regions.find(({ region }) => region === row.region);
  return copy === undefined ? row.region !== null : copy.exists === 'no' || (copy.exists === 'yes' && copy.state !== 'enabled');
}
