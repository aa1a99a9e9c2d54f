import type { Output } from '../../../app/contract/index.ts';
import { counted } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** Which nodes are there, and is one of them missing or different? */
export function nodesSentence({ database, platform }: Output<'cluster.nodes'>): SentenceText {
  const live = `${counted(platform.length, 'process', 'processes')} went live on it`;
  if (database === null) return { tone: 'calm', text: `The system database is one file on this machine; ${live}.` };
  const down = database.filter((node) => !node.up);
  if (down.length > 0) return { tone: 'alarm', text: `${counted(down.length, 'node')} of ${database.length} ${down.length === 1 ? 'is' : 'are'} down: ${down.map((node) => node.address).join(', ')}.` };
  const versions = [...new Set(database.map((node) => node.version))];
  if (versions.length > 1) return { tone: 'worry', text: `All ${counted(database.length, 'node')} are up, on ${versions.length} versions of Cassandra: ${versions.join(' and ')}.` };
  return { tone: 'calm', text: `All ${counted(database.length, 'node')} of the cluster ${database.length === 1 ? 'is' : 'are'} up; ${live}.`.replace('All 1 node', 'The only node') };
}
