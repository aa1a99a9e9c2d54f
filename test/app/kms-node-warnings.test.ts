import { expect, test } from 'vitest';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import { nodeWarnings } from '../../app/services/kms-node-warnings.ts';
import type { ReadNode } from '../../app/services/region-places.ts';

const node = (name: string, uses: readonly KmsProviderName[], more: Partial<ReadNode> = {}): ReadNode => ({ node: name, file: name, uses: uses.map((provider) => ({ provider, place: 'p', key: 'k' })), lacks: uses.includes('KMIP_KMS') ? [] : ['KMIP_KMS'], whyNot: null, entries: [], ...more });
const NODES = [node('n1', ['AWS_KMS', 'KMIP_KMS']), node('n2', ['AWS_KMS']), node('n3', ['KMIP_KMS']), node('n4', [], { lacks: [], whyNot: { code: 'FILE_NOT_FOUND', message: '', remedy: '' } })];
const SAID = /^The config\.ini of (n\d) (says nothing of|names no key of|could not be read)/;
const told = (provider: KmsProviderName): (string | undefined)[][] => nodeWarnings(provider, NODES).map((text) => SAID.exec(text)?.slice(1) ?? [text]);

test('an activation under a KMS warns of nodes that can not unwrap, may not, or are not known', () => {
  expect(told('KMIP_KMS')).toEqual([['n2', 'says nothing of'], ['n4', 'could not be read']]);
  expect(told('AWS_KMS')).toEqual([['n3', 'names no key of'], ['n4', 'could not be read']]);
  expect(told('GCP_KMS')).toEqual([['n1', 'names no key of'], ['n2', 'names no key of'], ['n3', 'names no key of'], ['n4', 'could not be read']]);
  expect(nodeWarnings('KMIP_KMS', [])).toEqual([]);
});
