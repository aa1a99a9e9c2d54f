import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Shape } from '../../ui/Shape.tsx';
import { Waiting } from '../../ui/Waiting.tsx';
import { isUnread, outageSentence } from '../frame/outage.ts';
import { PreferencesForm } from './PreferencesForm.tsx';
import { Profiles } from './Profiles.tsx';
import { Protection } from './Protection.tsx';
import { settingsSentence } from './sentence.ts';
import './settings.css';

/** While the profile can not be opened: what there is to do here all the same. */
function Unread(): ReactNode {
  const { data: outage } = useQuery(queries.outage());
  return outage === undefined ? <Waiting what="Reading the profile" /> : <Sentence {...outageSentence(outage)} />;
}

/** Which profile is this, what protects its keys, and how does the window behave? */
export function SettingsPage(): ReactNode {
  const status = useQuery(queries.status());
  const host = useQuery(queries.host());
  return (
    <div className="page settings">
      {isUnread(status) ? (
        <Unread />
      ) : (
        <Answered query={status} what="Reading the profile">
          {(value) => (
            <>
              <Sentence {...settingsSentence(value)} />
              <Section title="What protects the master keys">
                <Protection status={value} />
              </Section>
            </>
          )}
        </Answered>
      )}
      <Section title="Profiles">
        <Profiles />
      </Section>
      <Section title="Window">
        <PreferencesForm />
      </Section>
      <Section title="This host">
        <ul className="host-notes">
          {[...(status.data?.notes ?? []), ...(host.data?.warnings ?? [])].map((note) => (
            <li key={note}>
              <span className="host-warning">
                <Shape name="triangle" />
              </span>
              {note}
            </li>
          ))}
          {(host.data?.differences ?? []).map((difference) => (
            <li key={difference}>
              <Shape name="ring" />
              {difference}
            </li>
          ))}
          <li>
            <Shape name="ring" />
            {host.data?.kind === 'electron' ? 'Electron' : 'Chromium'} {host.data?.version ?? ''}
            {status.data === undefined ? '.' : `; system database ${status.data.database.location}, ${status.data.database.localDataCenter === null ? '' : `local data centre ${status.data.database.localDataCenter}, `}schema version ${status.data.database.schemaVersion}.`}
          </li>
        </ul>
      </Section>
    </div>
  );
}
