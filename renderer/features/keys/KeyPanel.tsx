import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { GenerationDetail, KeyMark } from '../../../app/contract/keys.ts';
import { ask, queries } from '../../api.ts';
import { counted, figure } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { useNow } from '../../ui/clock.ts';
import { Answered } from '../../ui/Answered.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Facts } from '../../ui/Facts.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { IdenticonPicture } from '../../ui/Fingerprint.tsx';
import { InstancesByLu } from '../../ui/InstancesByLu.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { RecordsSection } from '../../ui/RecordsSection.tsx';
import { Section } from '../../ui/Section.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { KeyRingSection } from './KeyRingSection.tsx';
import { RemoveOrphans, VerifyResult } from './VerifyResult.tsx';

/** One generation: what it is, where its bytes lie, what needs it, who made it, and what can be done with it. */
export function KeyPanel({ description, onClose }: { description: string; onClose: () => void }): ReactNode {
  const key = useQuery(queries.key(description));
  return (
    <Panel title="Key generation" onClose={onClose}>
      <Answered query={key} what="Reading the generation">
        {(value) => <KeyDetail generation={value} onClose={onClose} />}
      </Answered>
    </Panel>
  );
}

function KeyDetail({ generation, onClose }: { generation: GenerationDetail; onClose: () => void }): ReactNode {
  const navigate = useNavigate();
  const now = useNow();
  const [removing, setRemoving] = useState(false);
  const { description } = generation;
  const rekeys = useQuery(queries.keys()).data?.marks.filter(({ rekey }) => rekey?.target === description) ?? [];
  const verify = useMutation({ mutationFn: () => ask((c) => c.keys.verify({ description })) });
  return (
    <>
      <div className="key-head">
        <IdenticonPicture text={generation.fingerprint} size={44} />
        <div>
          <code className="wraps key-description">{description}</code>
          <div className="key-head-line">
            <StateBadge state={generation.failure === null ? generation.state : 'unusable'} />
            <CopyButton text={description} what="key description" />
          </div>
        </div>
      </div>
      {generation.failure === null ? null : <FailurePanel failure={generation.failure} live={false} />}
      <div className="panel-acts">
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          Verify
        </Button>
        <Button variant="default" onClick={() => void navigate({ to: '/activate', search: { name: generation.name } })}>
          Activate a new one
        </Button>
        {generation.state === 'deactivated' && generation.instances > 0 ? (
          <Button variant="default" onClick={() => void navigate({ to: '/rekey', search: { from: description } })}>
            Rekey away…
          </Button>
        ) : null}
        {generation.state === 'pre-active' ? (
          <Button variant="default" onClick={() => setRemoving(true)}>
            Remove orphans…
          </Button>
        ) : null}
      </div>
      {verify.isIdle || verify.isPending ? null : <VerifyResult result={verify.data} error={verify.error} onClose={() => verify.reset()} />}
      <Facts
        facts={[
          ['Fingerprint', <code key="f">{generation.fingerprint}</code>],
          ['Name', <code key="n">{generation.name}</code>],
          ['Activated', generation.activatedAt === null ? 'never' : <Time key="a" at={generation.activatedAt} />],
          ...(generation.deactivatedAt === null ? [] : [['Taken over', <Time key="d" at={generation.deactivatedAt} />] as const]),
          ['By', generation.actor],
          ['Why', generation.reason ?? 'no reason was given'],
          ['Made by', generation.generator],
          ['Kept in', generation.store],
          ...(rekeys.length === 0 ? [] : [['Rekeyed into it', <Rekeys key="r" marks={rekeys} />] as const]),
          ['Wrapped by', <Wrapping key="w" wrapping={generation.wrapping} />],
          ['Stripes', <Stripes key="s" found={generation.stripesFound} expected={generation.stripes} />],
        ]}
      />
      <KeyRingSection description={description} />
      <Section title="What needs it" acts={<span className="quiet">{censusAge(generation.census, now)}</span>}>
        {generation.instances === 0 ? (
          <p className="quiet">{generation.census.at === null ? 'Not known: no census was taken yet.' : 'No instance needs this generation.'}</p>
        ) : (
          <InstancesByLu rows={generation.instancesByLu} keyDescription={description} />
        )}
      </Section>
      <RecordsSection records={generation.audit} />
      {removing ? <RemoveOrphans onClose={() => setRemoving(false)} onDone={onClose} /> : null}
    </>
  );
}

/** The campaigns that ended under this generation, the newest first; the page Rekey has more. */
function Rekeys({ marks }: { marks: readonly KeyMark[] }): ReactNode {
  return marks
    .toReversed()
    .slice(0, 5)
    .map(({ at, rekey }) =>
      rekey === null ? null : (
        <div key={rekey.campaign}>
          <Link to="/rekey/$id" params={{ id: rekey.campaign }}>
            {counted(rekey.rewritten, 'instance')}
          </Link>
          , <Time at={at} />
          {rekey.proven || rekey.left === null ? '' : '; some were left'}
        </div>
      ),
    );
}

function Wrapping({ wrapping }: { wrapping: GenerationDetail['wrapping'] }): ReactNode {
  const { kind, provider = '', keyId = '', keyVersion, location } = wrapping;
  if (kind === 'kms') {
    return (
      <>
        {provider}{' '}
        <Link to="/kms/$provider/$key" params={{ provider, key: keyId }} title={keyId}>
          <code>{keyId}</code>
        </Link>
        {keyVersion === undefined ? '' : `, version ${keyVersion}`}
        {location === undefined ? '' : `, in ${location}`}
      </>
    );
  }
  return (
    <>
      {kind === 'keystore' ? 'protection key in the KeyStore ' : kind === 'internal' ? 'internal protection key ' : `${kind ?? 'unknown'} `}
      <code>{wrapping['keyId']}</code>
    </>
  );
}

/** One small square for each stripe, missing ones empty; the figures beside it. */
function Stripes({ found, expected }: { found: number; expected: number }): ReactNode {
  return (
    <>
      {found === expected ? `all ${figure(expected)} found` : <StateBadge state="broken" word={`${figure(found)} of ${figure(expected)} found`} />}
      <span className="stripes" aria-hidden="true">
        {Array.from({ length: Math.min(expected, 128) }, (_, index) => (
          <span key={index} className={index < found ? '' : 'stripe-missing'} />
        ))}
      </span>
    </>
  );
}
