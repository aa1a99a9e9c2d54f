import type { KmsKeyFacts } from '../../main/kms/acts.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { KmsActName } from '../contract/kms.ts';
import type { Dependents } from './kms-dependents.ts';

interface Intended {
  readonly act: KmsActName;
  readonly provider: KmsProviderName;
  readonly name: string;
  readonly facts: KmsKeyFacts | null;
  readonly dependents: Dependents;
  readonly days: number | null;
  /** False where the provider has no such act. */
  readonly able: boolean;
}

/** What will happen, in the order in which it does. */
export function stepsOf({ act, provider, name, facts, dependents, days, able }: Intended): string[] {
  if (!able) return [`Nothing: ${provider} has no "${act}"`];
  const key = `${provider} key ${name}${facts === null ? '' : ` in ${facts.location}`}`;
  const { generations, instances } = dependents;
  const lost = generations.length === 0 ? 'No generation is wrapped by it' : `A node that goes live from then on can not read ${counted(generations.length, 'generation')} with ${counted(instances, 'instance')}`;
  const nodes = dependents.nodes.length === 0 ? [] : [`activatekey fails on ${dependents.nodes.join(', ')}, whose config.ini names it`];
  switch (act) {
    case 'enable':
      return [`The ${key} wraps and unwraps again`, 'Nodes that could not read its generations can, once they ask again'];
    case 'disable':
      return [`The ${key} neither wraps nor unwraps any more`, 'Nodes that run go on with the keys that they hold in memory, until they are started again', lost, ...nodes];
    case 'rotate':
      if (provider === 'KMIP_KMS') {
        return [`A new key takes the place of the ${key} at its server, and what is wrapped from then on is wrapped under it; KEY_ID need not be changed`, 'What was wrapped before stays readable: the key itself stays, and goes on opening', 'No master key and no instance changes'];
      }
      return [`The ${key} gets a new version at its KMS, and what is wrapped from then on is wrapped under it`, 'What was wrapped before stays readable: the KMS keeps the older versions', 'No master key and no instance changes'];
    case 'schedule-deletion':
      return [
        `The ${key} is deleted in ${days ?? 0} days${provider === 'GCP_KMS' ? ', or later, where it was made with a longer window' : ''}; from now on it neither wraps nor unwraps`,
        generations.length === 0 ? 'No generation was ever wrapped by it here' : `${counted(generations.length, 'generation')} that it wraps can then be opened by nobody`,
      ];
    case 'cancel-deletion':
      return [`The ${key} is not deleted; it comes back disabled`, 'Enable it then: before that nothing can be unwrapped'];
  }
}

export function wayBackOf({ act, days, able }: Pick<Intended, 'act' | 'days' | 'able'>): string {
  if (!able) return 'None is needed.';
  switch (act) {
    case 'enable':
      return 'Disable it again.';
    case 'disable':
      return 'Enable it again: everything can be read at once, and nothing is lost.';
    case 'rotate':
      return 'There is none, and none is needed: what was wrapped before goes on opening.';
    case 'schedule-deletion':
      return `For ${days ?? 0} days: cancel the deletion, then enable the key. After that there is none.`;
    case 'cancel-deletion':
      return 'Schedule the deletion again; its window then starts anew.';
  }
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
