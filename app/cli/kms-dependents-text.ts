import type { ConfigPlan } from '../contract/config.ts';
import type { KmsPlanView } from '../contract/kms.ts';
import { counted, countedAt, figure, printable, table } from './text.ts';

/** Instances by LU, nodes and Regions that an act at a KMS touches. @param named what those nodes name in config.ini */
export function touchedText({ byLu, nodes, regions }: Pick<KmsPlanView, 'byLu' | 'nodes' | 'regions'>, named: string): string {
  return [
    ...byLu.map(({ lu, instances }) => `   ${printable(lu)}: ${counted(instances, 'instance')}\n`),
    nodes.length === 0 ? `No node names ${named}.\n` : `Nodes that name ${named}: ${printable(nodes.join(', '))}\n`,
    regions.length === 0 ? '' : `Regions: ${printable(regions.join(', '))}\n`,
  ].join('');
}

/** What depends on the KMSs that a change of config.ini concerns; empty where it concerns none. */
export function configDependentsText(dependents: ConfigPlan['dependents']): string {
  if (dependents === null) return '';
  const { providers, keys, nodes, regions, census } = dependents;
  const where = `${printable(nodes.join(', '))}${regions.length === 0 ? '' : ` (${printable(regions.join(', '))})`}`;
  if (keys.length === 0) return `No generation is under ${providers.join(', ')} (${countedAt(census)}); what is activated on ${where} from now on is.\n`;
  const rows = keys.map(({ keyId, regions: own, generations, instances, byLu }) => [keyId, own.join(', '), figure(generations), figure(instances), byLu.map(({ lu, instances: some }) => `${lu} ${figure(some)}`).join(', ')]);
  const sum = keys.reduce((total, { instances }) => total + instances, 0);
  return `\n${table(['KMS KEY', 'REGIONS', '>GENERATIONS', '>INSTANCES', 'BY LU'], rows, '')}When it goes live, ${where} opens these with what is changed here: ${counted(sum, 'instance')} (${countedAt(census)}).\n`;
}
