import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { CampaignView, RekeyLimitsInput } from '../../../app/contract/rekey.ts';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { LimitSlider } from './LimitSlider.tsx';
import { limitsWith, type LimitName } from './rates.ts';

/** How long a slider must rest before its value is sent, in milliseconds. */
const REST = 250;

/** Limits of a campaign, for all its workers; heeded within a second or two. */
export function Throttle({ campaign, limits }: { campaign: CampaignView; limits: readonly LimitName[] }): ReactNode {
  const client = useQueryClient();
  const [moved, setMoved] = useState<RekeyLimitsInput>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = useMutation({
    mutationFn: (wanted: RekeyLimitsInput) => ask((c) => c.rekey.limits({ id: campaign.id, limits: wanted })),
    onSettled: async (_done, _error, sent) => {
      await client.invalidateQueries({ queryKey: ['rekey'] });
      // What was moved since then is still to be sent.
      setMoved((now) => (now === sent ? {} : now));
    },
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const move = (name: LimitName, value: number | null): void => {
    const wanted = { ...moved, ...limitsWith(name, value) };
    setMoved(wanted);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change.mutate(wanted), REST);
  };
  const shown = { ...campaign.limits, ...moved };
  return (
    <>
      {limits.map((name) => (
        <LimitSlider key={name} name={name} value={shown[name] ?? null} onChange={(value) => move(name, value)} />
      ))}
      {change.error === null ? null : <FailurePanel failure={asFailure(change.error)} />}
    </>
  );
}
