import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { OutlookView, RegionAuditView } from '../../../app/contract/regions.ts';
import { queries } from '../../api.ts';
import { counted, figure, middle, relativeTime } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { useNow } from '../../ui/clock.ts';
import { Section } from '../../ui/Section.tsx';
import { Shape } from '../../ui/Shape.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { assumedSentence, outlookSentence } from './sentence.ts';

const LIVE = { whole: ['readable', 'goes live'], partly: ['warning', 'without older generations'], not: ['failed', 'can not go live'] } as const;
/** Generations that are listed; the figures count all. */
const SHOWN = 50;

/** What is lost with a region or a key? */
export function WhatIf({ audit, lost, disabled }: { audit: RegionAuditView; lost: string | undefined; disabled: string | undefined }): ReactNode {
  const navigate = useNavigate();
  const choose = (next: { lost?: string | undefined; disabled?: string | undefined }): void => {
    const { lost: region = '', disabled: key = '' } = { lost, disabled, ...next };
    void navigate({ to: '/regions', search: { ...(region === '' ? {} : { lost: region }), ...(key === '' ? {} : { disabled: key }) }, replace: true });
  };
  const regions = [...new Set(audit.regions.map(({ region }) => region))];
  return (
    <Section title="What if this region is lost, or this key is disabled?">
      <div className="what-if-choice">
        <NativeSelect label="Lost region" data={[{ value: '', label: 'none' }, ...regions.map((region) => ({ value: region, label: region }))]} value={lost ?? ''} onChange={(event) => choose({ lost: event.currentTarget.value })} />
        <NativeSelect label="Disabled key" data={[{ value: '', label: 'none' }, ...audit.keys.map(({ key }) => ({ value: key, label: middle(key, 64) }))]} value={disabled ?? ''} onChange={(event) => choose({ disabled: event.currentTarget.value })} />
      </div>
      {lost === undefined && disabled === undefined ? <p className="quiet">Choose one of them: the answer rests on the audit above, and asks no KMS.</p> : <Outlook lost={lost} disabled={disabled} />}
    </Section>
  );
}

function Outlook({ lost, disabled }: { lost: string | undefined; disabled: string | undefined }): ReactNode {
  const outlook = useQuery(queries.regionOutlook({ ...(lost === undefined ? {} : { lost }), ...(disabled === undefined ? {} : { disabled }) }));
  return (
    <Answered query={outlook} what="Working out what would be lost">
      {(value) => <OutlookTables outlook={value} />}
    </Answered>
  );
}

function OutlookTables({ outlook }: { outlook: OutlookView }): ReactNode {
  const now = useNow();
  const { text, tone } = outlookSentence(outlook);
  const assumed = assumedSentence(outlook);
  const { at, live } = outlook.census;
  return (
    <div role="status">
      <p className={`what-if-sentence what-if-${tone}`}>
        {tone === 'calm' ? null : <Shape name={tone === 'alarm' ? 'triangle' : 'diamond'} />} {text}
      </p>
      {assumed === '' ? null : <p className="what-if-assumed">{assumed}</p>}
      <div className="what-if-tables">
        <table className="figures">
          <thead>
            <tr>
              <th scope="col">Node that starts then</th>
              <th scope="col">Now</th>
              <th scope="col">Then</th>
              <th scope="col">Also</th>
            </tr>
          </thead>
          <tbody>
            {outlook.nodes.map((node) => (
              <tr key={node.node}>
                <td>{node.node}</td>
                <td>
                  <Live state={node.now} />
                </td>
                <td>
                  <Live state={node.then} />
                </td>
                <td className="quiet">{[node.inLostRegion ? 'stands in that region' : '', node.cannotActivate ? 'can not activate' : ''].filter((note) => note !== '').join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {outlook.generations.length === 0 ? null : (
          <table className="figures">
            <thead>
              <tr>
                <th scope="col">Generation</th>
                <th scope="col">Unwrapped by</th>
                <th scope="col">Its key is still in</th>
                <th scope="col" className="number">
                  Instances
                </th>
              </tr>
            </thead>
            <tbody>
              {outlook.generations.slice(0, SHOWN).map((generation) => (
                <tr key={generation.description}>
                  <td>
                    <Link to="/keys/$description" params={{ description: generation.description }} title={generation.description}>
                      <code>{middle(generation.description, 34)}</code>
                    </Link>{' '}
                    {generation.active ? <StateBadge state="active" /> : null}
                  </td>
                  <td>{generation.lostTo === 'all' ? 'no node' : 'not every node'}</td>
                  <td>{generation.elsewhere.length === 0 ? <span className="quiet">nowhere</span> : generation.elsewhere.join(', ')}</td>
                  <td className="number">{figure(generation.instances)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {outlook.generations.length > SHOWN ? <p className="quiet">The first {SHOWN} of {counted(outlook.generations.length, 'generation')} are listed.</p> : null}
      <p className="quiet">
        {at === null ? 'Instances were not counted yet: take a census.' : live ? 'Instances were counted now.' : `Instances by the census of ${relativeTime(Math.min(at, now), now)}${outlook.census.complete ? '' : ', which is not complete'}.`} A node asks the region of its config.ini first, and then the one where the generation was wrapped.
      </p>
    </div>
  );
}

function Live({ state }: { state: OutlookView['nodes'][number]['then'] }): ReactNode {
  const [badge, word] = LIVE[state];
  return <StateBadge state={badge} word={word} />;
}
