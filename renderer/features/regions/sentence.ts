import type { OutlookView, RegionAuditView, RegionNodeView } from '../../../app/contract/regions.ts';
import { counted, relativeTime } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';
import { isStuck, rowsOf } from './matrix.ts';

/** Is every node's key where the node is, and the same everywhere? */
export function regionsSentence(nodes: readonly RegionNodeView[], audit: RegionAuditView | null, now: number): SentenceText {
  if (nodes.length === 0) return { tone: 'calm', text: 'This profile names no node yet, so that no region is known.' };
  const uses = nodes.flatMap((node) => node.uses);
  if (uses.length === 0) return { tone: 'calm', text: `No config.ini of the ${counted(nodes.length, 'node')} names a KMS key: nothing depends on a region.` };
  const regions = new Set(uses.map(({ provider, region }) => `${provider} ${region ?? ''}`)).size;
  const where = `${counted(nodes.length, 'node')} in ${counted(regions, 'region')}`;
  if (audit === null) return { tone: 'calm', text: `${where}, whose KMS keys were not audited yet.` };
  const stuck = new Set(rowsOf(nodes, audit).filter(isStuck).map(({ node }) => node)).size;
  const silent = audit.regions.filter(({ whyNot }) => whyNot !== null).length;
  const critical = audit.findings.filter(({ severity }) => severity === 'critical').length;
  const when = `Audited ${relativeTime(Math.min(audit.at, now), now)}.`;
  const keys = counted(audit.keys.length, 'KMS key');
  const open = audit.findings.length === 0 ? '' : ` ${counted(audit.findings.length, 'finding')}, ${critical === 0 ? 'none' : critical} critical.`;
  if (silent > 0) return { tone: 'alarm', text: `${counted(silent, 'region')} of ${audit.regions.length} could not be asked; of ${where}, ${stuck === 0 ? 'none is known to lack its key' : `${stuck} can not use their key where they are`}.${open} ${when}` };
  if (stuck > 0) return { tone: 'alarm', text: `${stuck} of ${where} can not use ${stuck === 1 ? 'its' : 'their'} KMS key where ${stuck === 1 ? 'it is' : 'they are'}.${open} ${when}` };
  if (audit.findings.length > 0) return { tone: critical > 0 ? 'alarm' : 'worry', text: `All of ${where} reach their KMS key where they are.${open} ${when}` };
  return { tone: 'calm', text: `All of ${where} find their KMS key where they are, and ${keys} ${audit.keys.length === 1 ? 'is' : 'are'} alike everywhere. ${when}` };
}

/** What would no longer work? */
export function outlookSentence({ nodes, unreadable, partlyUnreadable, unknown }: OutlookView): SentenceText {
  const dead = nodes.filter(({ then, now }) => then === 'not' && now !== 'not').length;
  const less = nodes.filter(({ then, now }) => then === 'partly' && now === 'whole').length;
  const idle = nodes.filter(({ cannotActivate }) => cannotActivate).length;
  const parts = [
    dead === 0 ? '' : `${counted(dead, 'node')} could no longer go live`,
    less === 0 ? '' : `${counted(less, 'node')} would go live without older generations`,
    nodes.length === 0 ? 'No node could be read' : dead === 0 && less === 0 ? 'Every node that goes live now still could' : '',
    unreadable === 0 ? '' : `${counted(unreadable, 'instance')} could be read by no node that starts then`,
    partlyUnreadable === 0 ? '' : `${counted(partlyUnreadable, 'instance')} not by every one`,
    idle === 0 ? '' : `${counted(idle, 'node')} could not activate a new key`,
  ].filter((part) => part !== '');
  const assumed = unknown.nodes > 0 || unknown.copies > 0;
  return { tone: dead > 0 || unreadable > 0 ? 'alarm' : less > 0 || partlyUnreadable > 0 || idle > 0 || assumed ? 'worry' : 'calm', text: `${parts.join('; ')}. Nodes that run go on with the keys that they hold.` };
}

/** What had to be assumed for it; empty where all was learnt. */
export function assumedSentence({ unknown: { nodes, copies } }: OutlookView): string {
  return [
    nodes === 0 ? '' : `${counted(nodes, 'node')} could not be read, and ${nodes === 1 ? 'is' : 'are'} left out of this.`,
    copies === 0 ? '' : `${copies === 1 ? '1 copy of a KMS key' : `${counted(copies, 'copy', 'copies')} of KMS keys`} could not be asked, and ${copies === 1 ? 'counts' : 'count'} as usable.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
