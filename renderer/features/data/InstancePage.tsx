import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { InstanceDetail, Shown } from '../../../app/contract/data.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, figure, size } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Fingerprint } from '../../ui/Fingerprint.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { instanceSentence } from './sentence.ts';
import './data.css';

/** Is this instance intact, and under which key does it lie? */
export function InstancePage(): ReactNode {
  const { lu, id } = useParams({ from: '/data/$lu/$id' });
  const instance = useQuery(queries.instance(lu, id));
  const status = useQuery(queries.status());
  const [asking, setAsking] = useState(false);
  // Kept out of the query cache: what was shown is gone with the page.
  const show = useMutation({ mutationFn: (confirm: string) => ask((c) => c.data.show({ lu, id, ...(confirm === '' ? {} : { confirm }) })), gcTime: 0, onSuccess: () => setAsking(false) });
  const { reset } = show;
  const locked = status.data?.state === 'locked';
  useEffect(() => {
    if (locked) reset();
  }, [locked, reset]);
  const profile = status.data?.profile;
  return (
    <div className="page">
      <p className="trail">
        <Link to="/data">Data</Link> / <Link to="/data" search={{ lu }}>{lu}</Link> / <code>{id}</code>
      </p>
      <Answered query={instance} what="Opening the instance">
        {(value) => (
          <>
            <Sentence {...instanceSentence(value)}>
              {show.data === undefined ? (
                <Button variant="default" disabled={!value.integrity.ok} onClick={() => setAsking(true)}>
                  Decrypt and show…
                </Button>
              ) : (
                <Button variant="default" onClick={reset}>
                  Hide the content
                </Button>
              )}
            </Sentence>
            {value.integrity.failure === null ? null : <FailurePanel failure={value.integrity.failure} live={false} />}
            <InstanceFacts instance={value} />
            {show.data === undefined ? null : <Content shown={show.data} />}
            {asking ? (
              <Sheet
                title={`Decrypt and show ${lu} ${id}`}
                happens={
                  <ol>
                    <li>The act is written to the audit trail, with your name, before anything is decrypted.</li>
                    <li>The instance is decrypted in memory and its rows are sent to this window.</li>
                    <li>They are shown until you hide them, leave the page or the console locks.</li>
                  </ol>
                }
                touches={
                  <p>
                    One instance, {size(value.bytes)}. Whoever sees this screen sees its content.
                  </p>
                }
                back={<p>Nothing is changed. What has been seen can not be unseen, and the audit record stays.</p>}
                confirm={profile?.production === true ? { text: profile.name, what: 'the production profile' } : null}
                act="Decrypt and show"
                danger
                busy={show.isPending}
                failure={show.error === null ? null : asFailure(show.error)}
                onAct={(typed) => show.mutate(typed)}
                onClose={() => {
                  setAsking(false);
                  if (show.error !== null) reset();
                }}
              />
            ) : null}
          </>
        )}
      </Answered>
    </div>
  );
}

function InstanceFacts({ instance }: { instance: InstanceDetail }): ReactNode {
  const { envelope, generation } = instance;
  return (
    <div className="instance-facts">
      <Section title="Instance">
        <Facts
          facts={[
            ['Integrity', <StateBadge key="i" state={instance.integrity.ok ? 'intact' : 'broken'} word={instance.integrity.ok ? 'every chunk is authentic' : 'not to be opened'} />],
            ['Size', size(instance.bytes)],
            ['Saved', <Time key="s" at={instance.savedAt} />],
            ['Revision', figure(instance.revision)],
          ]}
        />
      </Section>
      <Section title="Generation">
        <Facts
          facts={[
            [
              'Key',
              <Link key="k" to="/keys/$description" params={{ description: instance.keyDescription }}>
                <code className="wraps">{instance.keyDescription}</code>
              </Link>,
            ],
            ...(generation === null
              ? [['State', <StateBadge key="s" state="unusable" word="unknown to the system database" />] as const]
              : ([
                  ['Fingerprint', <Fingerprint key="f" text={generation.fingerprint} />],
                  ['State', <StateBadge key="s" state={generation.state} />],
                  ['Protection', generation.protection],
                ] as const)),
          ]}
        />
      </Section>
      <Section title="Envelope header">
        {envelope === null ? (
          <p className="quiet">The header can not be read.</p>
        ) : (
          <Facts
            facts={[
              ['Format', `version ${envelope.version}`],
              ['Algorithm', <code key="a">{envelope.algorithm}</code>],
              ['Chunks', `${figure(envelope.chunks)} of up to ${size(envelope.chunkBytes)}`],
              ['Header', counted(envelope.headerBytes, 'byte')],
              ['Sealed', `${figure(envelope.sealedBytes)} bytes`],
            ]}
          />
        )}
      </Section>
    </div>
  );
}

function Content({ shown }: { shown: Shown }): ReactNode {
  return (
    <>
      {shown.tables.map((table) => (
        <Section key={table.name} title={`${table.name}: ${table.total > table.rows.length ? `${figure(table.rows.length)} of ${counted(table.total, 'row')}` : counted(table.total, 'row')}`}>
          <div className="content-scroll" tabIndex={0} role="group" aria-label={`Rows of ${table.name}`}>
            <table className="content">
              <thead>
                <tr>
                  {table.columns.map((column) => (
                    <th key={column} scope="col">
                      {column}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {table.rows.map((row, index) => (
                  <tr key={index}>
                    {row.map((value, column) => (
                      <td key={column}>{value === null ? <span className="quiet">null</span> : value}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
      ))}
    </>
  );
}
