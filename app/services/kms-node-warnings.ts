import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { ReadNode } from './region-places.ts';

/** What an activation under a KMS means to nodes whose config.ini says too little of that KMS, or could not be read. */
export function nodeWarnings(provider: KmsProviderName, nodes: readonly ReadNode[]): string[] {
  const lacking = nodes.filter(({ lacks }) => lacks.includes(provider));
  const silent = nodes.filter(({ uses, lacks, whyNot }) => whyNot === null && !lacks.includes(provider) && !uses.some((use) => use.provider === provider));
  const unread = nodes.filter(({ whyNot }) => whyNot !== null);
  return [
    ...warning(lacking, `says nothing of ${provider}: it can not unwrap this key when it goes live, and reads nothing that is saved under it. Give it the section that the other nodes have first (fkc config diff).`),
    ...warning(silent, `names no key of ${provider}: it unwraps this key only where its surroundings give it credentials, and activates none under ${provider}. Give it the section that the other nodes have (fkc config diff).`),
    ...warning(unread, `could not be read, so that nobody knows whether it can unwrap this key of ${provider}.`),
  ];
}

function warning(nodes: readonly ReadNode[], what: string): string[] {
  return nodes.map(({ node }) => `The config.ini of ${node} ${what}`);
}
