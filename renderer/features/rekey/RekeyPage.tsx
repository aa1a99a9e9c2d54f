import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { usePageKeys, usePlainKeys, type PageKey } from '../frame/page-keys.ts';
import { CampaignRow } from './CampaignRow.tsx';
import { RekeySheet } from './RekeySheet.tsx';
import { Schedules } from './Schedules.tsx';
import { rekeySentence } from './sentence.ts';
import './rekey.css';

const KEYS: readonly PageKey[] = [{ keys: ['p'], does: 'Plan a rekey' }];

/** What is still under older generations, and what is re-encrypting it? */
export function RekeyPage(): ReactNode {
  const { from, open } = useSearch({ from: '/rekey' });
  const navigate = useNavigate();
  const list = useQuery(queries.campaigns());
  const now = useNow();
  const [planning, setPlanning] = useState(false);
  const shown = planning || from !== undefined || open === 'plan';
  const close = (): void => {
    setPlanning(false);
    void navigate({ to: '/rekey', search: {}, replace: true });
  };
  usePageKeys(KEYS);
  usePlainKeys({ p: () => setPlanning(true) });
  return (
    <div className="page rekey">
      <Answered query={list} what="Reading the campaigns">
        {(value) => (
          <>
            <Sentence {...rekeySentence(value, now)}>
              <Button {...(value.needs.older === 0 ? { variant: 'default' } : {})} disabled={value.needs.total === 0} onClick={() => setPlanning(true)}>
                Rekey…
              </Button>
            </Sentence>
            <Section title="Campaigns">
              {value.campaigns.length === 0 ? (
                <EmptyState title="No campaign yet">
                  <p>
                    A campaign re-encrypts instances under the active generation while the platform keeps saving. “Rekey…” shows its plan first; <code>fkc rekey plan</code> tells the same.
                  </p>
                </EmptyState>
              ) : (
                <ul className="campaigns">
                  {value.campaigns.map((campaign) => (
                    <CampaignRow key={campaign.id} campaign={campaign} />
                  ))}
                </ul>
              )}
            </Section>
            <Schedules />
          </>
        )}
      </Answered>
      {shown ? <RekeySheet from={from} onClose={close} /> : null}
    </div>
  );
}
