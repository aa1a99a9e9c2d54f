import type { ConfigView, FolderScan } from '../../../app/contract/config.ts';
import { counted } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** Do the nodes agree, and is something wrong in their files? */
export function configSentence({ nodes, rows, findings }: ConfigView): SentenceText {
  if (nodes.length === 0) return { tone: 'calm', text: 'No node’s config.ini is known yet, so nothing can be compared or changed.' };
  const all = [...rows.flatMap((row) => row.findings), ...findings];
  const critical = all.filter(({ severity }) => severity === 'critical').length;
  const warnings = all.filter(({ severity }) => severity === 'warning').length;
  const apart = rows.filter(({ differs, ofTheNode }) => differs && !ofTheNode).length;
  const parts = [
    ...(critical === 0 ? [] : [`${counted(critical, 'finding')} ${critical === 1 ? 'is' : 'are'} critical`]),
    ...(warnings === 0 ? [] : [`${counted(warnings, 'warning')} ${warnings === 1 ? 'is' : 'are'} open`]),
    ...(apart === 0 ? [] : [`the nodes differ in ${counted(apart, 'key')} that should be the same`]),
  ];
  const which = nodes.length === 1 ? `the config.ini of ${nodes[0]?.node ?? ''}` : `the config.ini of ${counted(nodes.length, 'node')}`;
  if (parts.length === 0) return { tone: 'calm', text: nodes.length === 1 ? `Nothing is wrong in ${which}.` : `Nothing is wrong in ${which}, and they differ in nothing that should be the same.` };
  return { tone: critical > 0 ? 'alarm' : 'worry', text: `In ${which}: ${listed(parts)}.` };
}

/** What a search of a folder has come to. */
export function scanWords({ state, path, files, total, skippedTotal }: FolderScan): string {
  const found = total === 0 ? 'no hard-coded secret' : counted(total, 'hard-coded secret');
  const skipped = skippedTotal === 0 ? '' : `; ${counted(skippedTotal, 'place')} not looked at`;
  if (state === 'running') return `Searching ${path}: ${counted(files, 'file')} so far, ${found}`;
  if (state === 'stopped') return `The search of ${path} was stopped after ${counted(files, 'file')}; what it had found by then is not kept`;
  if (state === 'failed') return `${path} could not be searched`;
  return `${found[0]?.toUpperCase() ?? ''}${found.slice(1)} in ${counted(files, 'file')} of ${path}${skipped}`;
}

function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')}, and ${last}`;
}
