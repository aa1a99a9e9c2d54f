import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Shape } from '../../ui/Shape.tsx';
import { PreferencesForm } from './PreferencesForm.tsx';
import { Profiles } from './Profiles.tsx';
import { Protection } from './Protection.tsx';
import { settingsSentence } from './sentence.ts';
import './settings.css';

/** Which profile is this, what protects its keys, and how does the window behave? */
export function SettingsPage(): ReactNode {
  const status = useQuery(queries.status());
  const host = useQuery(queries.host());
  return (
    <div className="page settings">
      <Answered query={status} what="Reading the profile">
        {(value) => (
          <>
            <Sentence {...settingsSentence(value)} />
            <Section title="What protects the master keys">
              <Protection status={value} />
            </Section>
            <Section title="Profiles">
              <Profiles />
            </Section>
            <Section title="Window">
              <PreferencesForm />
            </Section>
            <Section title="This host">
              <ul className="host-notes">
                {[...value.notes, ...(host.data?.warnings ?? [])].map((note) => (
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
                  {host.data?.kind === 'electron' ? 'Electron' : 'Chromium'} {host.data?.version ?? ''}; system database {value.database.location}, schema version {value.database.schemaVersion}.
                </li>
              </ul>
            </Section>
          </>
        )}
      </Answered>
    </div>
  );
}
