import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ConfigView } from '../../../app/contract/config.ts';
import { queries } from '../../api.ts';
import { counted } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { usePageKeys, usePlainKeys, type PageKey } from '../frame/page-keys.ts';
import { ChangeSheet, type Changes } from './ChangeSheet.tsx';
import { FindingList, placeInNodes } from './FindingList.tsx';
import { FolderScan } from './FolderScan.tsx';
import { AddNode, RemoveNode } from './NodeActs.tsx';
import { configSentence } from './sentence.ts';
import { SideBySide } from './SideBySide.tsx';
import './configuration.css';

const KEYS: readonly PageKey[] = [
  { keys: ['v'], does: 'Change a value' },
  { keys: ['+'], does: 'Add a node' },
];

/** Do the nodes' files say the same, and is what they say right? */
export function ConfigurationPage(): ReactNode {
  const config = useQuery(queries.config());
  return (
    <div className="page configuration">
      <Answered query={config} what="Reading every node’s config.ini">
        {(view) => <Files view={view} />}
      </Answered>
      <FolderScan />
    </div>
  );
}

function Files({ view }: { view: ConfigView }): ReactNode {
  const { open, key } = useSearch({ from: '/configuration' });
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const [done, setDone] = useState<Changes | null>(null);
  const none = view.nodes.length === 0;
  const change = (path: string): void => {
    setDone(null);
    void navigate({ to: '/configuration', search: { open: 'change', ...(path === '' ? {} : { key: path }) } });
  };
  const close = (): void => void navigate({ to: '/configuration', search: {}, replace: true });
  usePageKeys(KEYS);
  usePlainKeys({ v: () => (none ? undefined : change('')), '+': () => setAdding(true) });
  const gone = view.nodes.find(({ node }) => node === removing);
  return (
    <>
      <Sentence {...configSentence(view)}>
        <Button variant="default" onClick={() => setAdding(true)}>
          Add node…
        </Button>
        {none ? null : <Button onClick={() => change('')}>Change a value…</Button>}
      </Sentence>
      {done === null ? null : <Done changes={done} onDismiss={() => setDone(null)} />}
      {none ? (
        <Empty />
      ) : (
        <>
          {view.findings.length === 0 ? null : (
            <Section title="Of whole files, and of single lines">
              <FindingList findings={view.findings} place={placeInNodes} />
            </Section>
          )}
          <Section title="Side by side: what differs or is wrong" acts={<span className="quiet">{view.sameKeys === 1 ? '1 more key is right and the same everywhere' : `${counted(view.sameKeys, 'more key', 'more keys')} are right and the same everywhere`}</span>}>
            <SideBySide
              view={view}
              onChange={(row) => change(row.section === '' ? row.key : `${row.section}.${row.key}`)}
              onRemove={(node) => {
                setDone(null);
                setRemoving(node);
              }}
            />
            {view.rows.length > 0 ? null : <p className="quiet config-nothing">No key differs, and none is wrong.</p>}
          </Section>
        </>
      )}
      {open === 'change' && !none ? (
        <ChangeSheet
          view={view}
          path={key ?? ''}
          onDone={(changes) => {
            setDone(changes);
            close();
          }}
          onClose={close}
        />
      ) : null}
      {adding ? <AddNode first={none} onClose={() => setAdding(false)} /> : null}
      {gone === undefined ? null : <RemoveNode {...gone} onClose={() => setRemoving(null)} />}
    </>
  );
}

function Done({ changes, onDismiss }: { changes: Changes; onDismiss: () => void }): ReactNode {
  const written = changes.filter(({ changed }) => changed);
  return (
    <div className="config-done" role="status">
      <StateBadge state="done" word={`Written on ${written.map(({ node }) => node).join(' and ')}. A node reads it when it goes live.`} />
      <ul>
        {written.map(({ node, backup }) => (
          <li key={node}>
            The old file of {node}: <code className="wraps">{backup}</code>
          </li>
        ))}
      </ul>
      <button type="button" className="close" onClick={onDismiss} aria-label="Dismiss">
        ✕
      </button>
    </div>
  );
}

function Empty(): ReactNode {
  return (
    <Section title="Side by side: what differs or is wrong">
      <EmptyState title="No node yet">
        <p>Every node has its own config.ini. Tell the console where each one is, as a path from this machine: a mounted folder, or a checkout of your configuration management. The first one is this machine’s.</p>
        <p>
          In a terminal: <code>fkc profile node PROFILE add NODE --config-ini FILE</code>
        </p>
      </EmptyState>
    </Section>
  );
}
