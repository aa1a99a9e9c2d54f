import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { queries, type ConsoleFailure } from '../../api.ts';
import { Facts } from '../../ui/Facts.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Time } from '../../ui/Time.tsx';
import { Waiting } from '../../ui/Waiting.tsx';
import { outageMeaning, outageSentence } from './outage.ts';

/** In place of every page but the settings while nothing was ever read of the profile: why, since when, and the ways on. */
export function OutagePage({ failure, retry }: { failure: ConsoleFailure | null; retry: () => void }): ReactNode {
  const { data: outage } = useQuery(queries.outage());
  const navigate = useNavigate();
  if (outage === undefined || outage.silence === null) {
    return failure === null ? (
      <Waiting what="Opening the profile" />
    ) : (
      <div className="page">
        <Sentence tone="alarm" text="The console does not answer, so nothing can be said about the keys." />
        <FailurePanel failure={failure} retry={retry} />
      </div>
    );
  }
  const { profile, database, silence } = outage;
  return (
    <div className="page outage">
      <Sentence {...outageSentence(outage)}>
        {silence.failure.code === 'DATABASE_PASSWORD_MISSING' ? <Button onClick={() => void navigate({ to: '/settings', search: { open: profile } })}>Give the password…</Button> : null}
        <Button variant="default" onClick={() => void navigate({ to: '/settings', search: {} })}>
          Choose another profile…
        </Button>
      </Sentence>
      <FailurePanel failure={silence.failure} retry={retry} />
      <p className="outage-meaning">{outageMeaning(outage)}</p>
      <Facts
        facts={[
          ['Profile', profile],
          ...(database === null ? [] : [['System database', `${database.kind === 'cassandra' ? 'Cassandra' : 'SQLite'} ${database.location}`] as const]),
          ['No answer since', <Time key="since" at={silence.since} />],
          ['Asked again', 'every five seconds; the page goes on by itself'],
        ]}
      />
    </div>
  );
}
