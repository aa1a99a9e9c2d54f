import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ClusterNodeView, PlatformNodeView } from '../../../app/contract/cluster.ts';
import { queries } from '../../api.ts';
import { counted } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { nodesSentence } from './sentence.ts';
import './nodes.css';

/** Which machines keep the data, and which processes hold the keys? */
export function NodesPage(): ReactNode {
  const [all, setAll] = useState(false);
  const nodes = useQuery({ ...queries.nodes(all), placeholderData: keepPreviousData });
  return (
    <div className="page page-fixed">
      <Answered query={nodes} what="Asking the cluster for its nodes">
        {(value) => (
          <>
            <Sentence {...nodesSentence(value)} />
            {value.database === null ? null : (
              <Section title="Nodes of the database, by the cluster's own list" acts={<span className="quiet">k2auth: {value.replication}</span>} className="nodes-part nodes-database" style={{ '--rows': Math.max(1, value.database.length) }}>
                <DataTable label="Cassandra nodes" columns={DATABASE} rows={value.database} rowKey={(node) => node.address} exportAs="cassandra-nodes" empty={<p>The cluster names no node.</p>} sortedBy={{ id: 'address', desc: false }} />
              </Section>
            )}
            <Section title="Processes of the platform, by k2system.nodes" acts={<Forgotten hidden={value.hidden} all={all} onChange={setAll} />} className="nodes-part">
              <DataTable label="Processes of the platform" columns={PLATFORM} rows={value.platform} rowKey={(node) => node.id} exportAs="platform-nodes" empty={<p>No process went live on this system database yet.</p>} sortedBy={{ id: 'lastSeen', desc: true }} />
            </Section>
          </>
        )}
      </Answered>
    </div>
  );
}

/** That old processes are left out, and the way to see them. */
function Forgotten({ hidden, all, onChange }: { hidden: number; all: boolean; onChange: (all: boolean) => void }): ReactNode {
  if (hidden === 0 && !all) return null;
  return (
    <>
      {all ? null : <span className="quiet">{counted(hidden, 'process', 'processes')} not seen for 30 days {hidden === 1 ? 'is' : 'are'} hidden</span>}
      <Button variant="default" onClick={() => onChange(!all)}>
        {all ? 'Hide old ones' : 'Show all'}
      </Button>
    </>
  );
}

const stateOf = ({ up }: { readonly up: boolean }): string => (up ? 'up' : 'down');

const DATABASE: readonly TableColumn<ClusterNodeView>[] = [
  { id: 'address', header: 'Address', value: (node) => node.address, cell: (node) => <code>{node.address}</code>, width: 'minmax(140px, 2fr)' },
  { id: 'state', header: 'State', value: stateOf, cell: (node) => <StateBadge state={node.up ? 'readable' : 'failed'} word={stateOf(node)} />, width: '90px' },
  { id: 'dataCenter', header: 'Data centre', value: (node) => node.dataCenter, width: 'minmax(110px, 1fr)' },
  { id: 'rack', header: 'Rack', value: (node) => node.rack, width: 'minmax(80px, 1fr)', yields: 1 },
  { id: 'version', header: 'Cassandra', value: (node) => node.version, width: '110px' },
];

const PLATFORM: readonly TableColumn<PlatformNodeView>[] = [
  { id: 'host', header: 'Host', value: (node) => node.host, width: 'minmax(120px, 1fr)' },
  { id: 'id', header: 'Process', value: (node) => node.id, cell: (node) => <Identifier text={node.id} />, width: 'minmax(150px, 1fr)', yields: 2 },
  { id: 'state', header: 'State', value: stateOf, cell: (node) => <StateBadge state={node.up ? 'readable' : 'paused'} word={stateOf(node)} />, width: '90px' },
  { id: 'dataCenter', header: 'Data centre', value: (node) => node.dataCenter, width: 'minmax(100px, 1fr)', yields: 4 },
  { id: 'version', header: 'Version', value: (node) => node.version, width: '80px' },
  { id: 'liveSince', header: 'Live since', value: (node) => node.liveSince, cell: (node) => <Time at={node.liveSince} />, width: '130px' },
  { id: 'lastSeen', header: 'Last seen', value: (node) => node.lastSeen, cell: (node) => <Time at={node.lastSeen} />, width: '130px' },
  { id: 'keystore', header: 'KeyStore copy', value: (node) => node.keystoreDigest, cell: (node) => (node.keystoreDigest === null ? <span className="quiet">internal</span> : <Identifier text={node.keystoreDigest} />), width: 'minmax(120px, 1fr)', yields: 3 },
  { id: 'notes', header: 'Notes', value: (node) => node.notes.join(' '), cell: (node) => (node.notes.length === 0 ? '' : <StateBadge state="warning" word={node.notes.join(' ')} />), width: 'minmax(120px, 2fr)', yields: 1 },
];
