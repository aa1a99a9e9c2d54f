import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import type { CampaignView } from '../../../app/contract/rekey.ts';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { LAST_STEP, rateAt, rateInWords, stepOf } from './rates.ts';

/** How long a slider must rest before its value is sent, in milliseconds. */
const REST = 250;

/** Instances a second, for all workers together; heeded within a second or two. */
export function Throttle({ campaign }: { campaign: CampaignView }): ReactNode {
  const client = useQueryClient();
  const id = useId();
  const stands = campaign.limits.instancesPerSecond;
  const [step, setStep] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = useMutation({
    mutationFn: (instancesPerSecond: number | null) => ask((c) => c.rekey.limits({ id: campaign.id, limits: { instancesPerSecond } })),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['rekey'] });
      setStep(null);
    },
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = step === null ? stands : rateAt(step);
  return (
    <div className="throttle">
      <label htmlFor={id}>Throttle</label>
      <input
        id={id}
        type="range"
        min={0}
        max={LAST_STEP}
        step={1}
        value={step ?? stepOf(stands)}
        aria-valuetext={rateInWords(shown)}
        onChange={(event) => {
          const next = Number(event.currentTarget.value);
          setStep(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => change.mutate(rateAt(next)), REST);
        }}
      />
      <output htmlFor={id}>{rateInWords(shown)}</output>
      {change.error === null ? null : <FailurePanel failure={asFailure(change.error)} />}
    </div>
  );
}
