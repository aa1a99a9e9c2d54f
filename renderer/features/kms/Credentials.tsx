import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { AwsCredentialsView, KmsOverviewView } from '../../../app/contract/kms.ts';
import { queries } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { credentialsText } from './credentials-text.ts';
import { ForgetCredentials } from './ForgetCredentials.tsx';
import { GiveCredentials } from './GiveCredentials.tsx';

/** Who AWS is asked as, and the acts on what the console itself was given. Not shown where AWS is not used. */
export function Credentials({ overview }: { overview: KmsOverviewView }): ReactNode {
  const { data: credentials } = useQuery(queries.awsCredentials());
  const [open, setOpen] = useState<'give' | 'forget' | null>(null);
  const aws = overview.providers.find(({ provider }) => provider === 'AWS_KMS');
  if (credentials === undefined || (aws === undefined && credentials.kept === null)) return null;
  const { failure } = credentials;
  const close = (): void => setOpen(null);
  return (
    <Section
      title="Credentials for AWS"
      acts={
        <>
          {credentials.source === 'config' ? null : (
            <Button variant="default" onClick={() => setOpen('give')}>
              {credentials.kept === null ? 'Give credentials…' : 'Give others…'}
            </Button>
          )}
          {credentials.kept === null ? null : (
            <Button variant="default" onClick={() => setOpen('forget')}>
              Forget them…
            </Button>
          )}
        </>
      }
    >
      <p className="kms-credentials">
        <Where credentials={credentials} />
        <span>{credentialsText(credentials)}</span>
      </p>
      {failure === null || failure.code === aws?.failure?.code ? null : <FailurePanel failure={failure} live={false} />}
      {open === 'give' ? <GiveCredentials seals={credentials.seals} onClose={close} /> : null}
      {open === 'forget' ? <ForgetCredentials credentials={credentials} keys={overview.keys} onClose={close} /> : null}
    </Section>
  );
}

const WORDS: Readonly<Record<AwsCredentialsView['source'], string>> = { config: 'config.ini', keychain: 'keychain', memory: 'in memory', chain: 'surroundings' };

function Where({ credentials: { source, failure } }: { credentials: AwsCredentialsView }): ReactNode {
  return <StateBadge state={failure === null ? (source === 'chain' ? 'note' : 'done') : 'failed'} word={WORDS[source]} />;
}
