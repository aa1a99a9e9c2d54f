import { maskedKey, maskedValue } from './mask.ts';
import { isSecret, parameterOf } from './parameters.ts';
import { entriesOf, type ConfigFile } from './parse.ts';

/** One node's file. */
export interface NodeConfig {
  readonly node: string;
  readonly config: ConfigFile;
}

/** One key, side by side over all nodes. */
export interface AlignedKey {
  /** Empty for keys before any section. */
  readonly section: string;
  readonly key: string;
  readonly secret: boolean;
  /** Nodes may well differ in it: a region, a path. */
  readonly ofTheNode: boolean;
  /** Whether its value is not the same on every node. */
  readonly differs: boolean;
  /** One for each node, in their order. */
  readonly values: readonly NodeValue[];
}

export interface NodeValue {
  readonly node: string;
  /** Null where the key is not there; dots where it is a secret. */
  readonly value: string | null;
  /** From 1; null where the key is not there. */
  readonly line: number | null;
  /** Equal numbers mean equal values, also of secrets; 0 where the key is not there. */
  readonly group: number;
}

/** The keys in which nodes differ, in the order of {@link alignConfigs}. */
export function compareConfigs(nodes: readonly NodeConfig[]): AlignedKey[] {
  return alignConfigs(nodes).filter(({ differs }) => differs);
}

/** Every key of any node, those of the root first, each section in the order in which it is first met. */
export function alignConfigs(nodes: readonly NodeConfig[]): AlignedKey[] {
  const keys = new Map<string, { section: string; key: string; values: Map<string, { value: string; line: number }> }>();
  for (const { node, config } of nodes) {
    for (const { section, key, value, line } of entriesOf(config)) {
      const id = JSON.stringify([section, key]);
      const row = keys.get(id) ?? { section, key, values: new Map() };
      row.values.set(node, { value, line });
      keys.set(id, row);
    }
  }
  const sections = [...new Set(['', ...[...keys.values()].map(({ section }) => section)])];
  return [...keys.values()]
    .sort((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section))
    .map(({ section, key, values }) => {
      const groups = [...new Set([...values.values()].map(({ value }) => value))];
      const aligned = nodes.map(({ node }) => {
        const found = values.get(node);
        if (found === undefined) return { node, value: null, line: null, group: 0 };
        return { node, value: maskedValue(section, key, found.value), line: found.line, group: groups.indexOf(found.value) + 1 };
      });
      return {
        section,
        key: maskedKey(key),
        secret: isSecret(section, key),
        ofTheNode: parameterOf(section, key)?.ofTheNode ?? false,
        differs: new Set(aligned.map(({ group }) => group)).size > 1,
        values: aligned,
      };
    });
}
