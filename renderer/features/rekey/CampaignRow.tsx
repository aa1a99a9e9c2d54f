import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { CampaignView } from '../../../app/contract/rekey.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';
import { CampaignActs } from './CampaignActs.tsx';
import { RangeBar } from './RangeBar.tsx';
import { campaignPace, rangesInWords } from './sentence.ts';
import { Throttle } from './Throttle.tsx';

/** A campaign in the list: what it was asked for, its ranges, its pace, and what can be done. */
export function CampaignRow({ campaign }: { campaign: CampaignView }): ReactNode {
  const { id, state, requestedAs, createdAt, failure } = campaign;
  const live = state === 'running' || state === 'paused' || state === 'planned';
  return (
    <li className="campaign">
      <div className="campaign-head">
        <StateBadge {...badgeOf(campaign)} />
        <Link to="/rekey/$id" params={{ id }} className="campaign-title">
          {capital(requestedAs)}
        </Link>
        <span className="spring" />
        <span className="quiet campaign-pace">{campaignPace(campaign)}</span>
        <span className="quiet">
          <Time at={createdAt} />
        </span>
        <CampaignActs campaign={campaign} />
      </div>
      <RangeBar ranges={campaign.ranges} label={capital(requestedAs)} />
      {live ? (
        <div className="campaign-foot">
          <span className="quiet">{rangesInWords(campaign.ranges)}</span>
          <span className="spring" />
          <Throttle campaign={campaign} limits={['instancesPerSecond']} />
        </div>
      ) : null}
      {failure === null ? null : <FailurePanel failure={failure} />}
    </li>
  );
}

/** The state with what matters most beside it. */
export function badgeOf({ state, workers, here, outcome }: CampaignView): { state: string; word?: string } {
  if (state === 'planned') return { state: 'started', word: 'planned' };
  if (state === 'running' && workers.length === 0 && here === null) return { state: 'warning', word: 'no worker' };
  if (state === 'done' && outcome?.kind === 'proof') {
    if (outcome.proven) return { state: 'intact', word: 'done, proven' };
    const whole = outcome.fields !== null && outcome.fields.left === 0 && outcome.fields.unread === 0 && outcome.failures === 0;
    return whole ? { state: 'done' } : { state: 'warning', word: 'done, some left' };
  }
  return { state };
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
