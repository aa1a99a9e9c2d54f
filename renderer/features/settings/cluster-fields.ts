import type { CassandraInput } from '../../../app/contract/settings.ts';

/** The connect form as it is typed. */
export interface ClusterFields {
  readonly contactPoints: string;
  readonly localDataCenter: string;
  readonly clusterId: string;
  readonly replication: string;
  readonly user: string;
  readonly passwordFile: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export const EMPTY_CLUSTER: ClusterFields = { contactPoints: '', localDataCenter: '', clusterId: '', replication: '1', user: '', passwordFile: '', ca: '', cert: '', key: '' };

/** What the form means; null while something that is needed is missing. */
export function clusterInput(fields: ClusterFields): CassandraInput | null {
  const contactPoints = fields.contactPoints.split(',').map((host) => host.trim()).filter((host) => host !== '');
  const replication = replicationOf(fields.replication);
  const { user, passwordFile, ca, cert, key } = fields;
  if (contactPoints.length === 0 || replication === null || (cert === '') !== (key === '') || (cert !== '' && ca === '')) return null;
  return {
    contactPoints,
    localDataCenter: fields.localDataCenter.trim() || null,
    clusterId: fields.clusterId.trim() || null,
    replication,
    user: user || null,
    ...(passwordFile === '' || user === '' ? {} : { passwordFile }),
    tls: ca === '' ? null : { ca, ...(cert === '' ? {} : { cert, key }) },
  };
}

/** Why the replication is not understood; nothing while it is. */
export function replicationMistake(text: string): string | undefined {
  return replicationOf(text) === null ? 'Type a factor, for example 3, or one for each data centre: dc1:3, dc2:3' : undefined;
}

function replicationOf(text: string): Record<string, string> | null {
  const typed = text.trim();
  if (/^[1-9]\d?$/.test(typed)) return { class: 'SimpleStrategy', replication_factor: typed };
  const factors = typed.split(',').map((part) => /^\s*([\w.-]+)\s*:\s*([1-9]\d?)\s*$/.exec(part));
  if (typed === '' || factors.some((factor) => factor === null)) return null;
  return { class: 'NetworkTopologyStrategy', ...Object.fromEntries(factors.map((factor) => [factor?.[1] ?? '', factor?.[2] ?? ''])) };
}
