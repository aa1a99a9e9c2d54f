import { NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState, type ReactNode } from 'react';
import type { RekeyPlanView } from '../../../app/contract/rekey.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, duration, figure, middle, size } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { LAST_STEP, rateAt, rateInWords, stepOf } from './rates.ts';

const EVERY = '';

/** Consequences before a rekey: a real plan, then the start. */
export function RekeySheet({ from, onClose }: { from: string | undefined; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const id = useId();
  const [generation, setGeneration] = useState(from ?? EVERY);
  const [without, setWithout] = useState<readonly string[]>([]);
  const [step, setStep] = useState(stepOf(null));
  const whole = useQuery(queries.rekeyPlan({ request: generation === EVERY ? {} : { from: [generation] } }));
  const every = useQuery(queries.rekeyPlan({ request: {} }));
  const lus = [...new Set((whole.data?.rows ?? []).map((row) => row.lu))];
  const chosen = lus.filter((lu) => !without.includes(lu));
  const limits = { instancesPerSecond: rateAt(step) };
  const request = { ...(generation === EVERY ? {} : { from: [generation] }), ...(chosen.length === lus.length ? {} : { lus: chosen }) };
  const none = lus.length > 0 && chosen.length === 0;
  const plan = useQuery({ ...queries.rekeyPlan({ request, limits }), enabled: whole.data !== undefined && !none, placeholderData: (before) => before });
  const start = useMutation({
    mutationFn: (confirm: string) => ask((c) => c.rekey.start({ request, limits, ...(confirm === '' ? {} : { confirm }) })),
    onSuccess: async ({ id: made }) => {
      await client.invalidateQueries({ queryKey: ['rekey'] });
      await navigate({ to: '/rekey/$id', params: { id: made } });
    },
  });
  const value = none ? undefined : plan.data;
  const refusal = value?.refusals[0];
  const failure = start.error ?? plan.error ?? whole.error;
  const ready = value !== undefined && refusal === undefined && !plan.isPlaceholderData;
  const generations = [...new Set([...(from === undefined ? [] : [from]), ...(every.data?.rows ?? []).map((row) => row.keyDescription)])];
  return (
    <Sheet
      title="Rekey"
      {...parts(value, none ? 'Choose one Logical Unit at least.' : 'Working out what it would do; figures older than an hour are counted anew first …')}
      warnings={[...(refusal === undefined ? [] : [`${refusal.message} ${refusal.remedy}`]), ...(value?.warnings ?? []).map((warning) => `${warning.message} ${warning.remedy}`)]}
      confirm={value?.confirm == null ? null : { text: value.confirm, what: 'the profile' }}
      act={value === undefined || value.total === 0 ? 'Start' : `Re-encrypt ${counted(value.total, 'instance')}`}
      busy={start.isPending}
      failure={failure === null ? null : asFailure(failure)}
      onAct={(typed) => ready && start.mutate(typed)}
      onClose={onClose}
    >
      <div className="rekey-choice">
        <NativeSelect
          label="What"
          value={generation}
          onChange={(event) => {
            setGeneration(event.currentTarget.value);
            setWithout([]);
          }}
          data={[{ value: EVERY, label: 'Everything that is not under the active generation' }, ...generations.map((each) => ({ value: each, label: `What is under ${middle(each, 56)}` }))]}
        />
        {lus.length < 2 ? null : (
          <fieldset className="rekey-lus">
            <legend>Logical Units</legend>
            {lus.map((lu) => (
              <label key={lu}>
                <input type="checkbox" checked={!without.includes(lu)} onChange={(event) => setWithout(event.currentTarget.checked ? without.filter((each) => each !== lu) : [...without, lu])} />
                {lu}
              </label>
            ))}
          </fieldset>
        )}
        <div className="throttle">
          <label htmlFor={id}>Throttle</label>
          <input id={id} type="range" min={0} max={LAST_STEP} step={1} value={step} aria-valuetext={rateInWords(rateAt(step))} onChange={(event) => setStep(Number(event.currentTarget.value))} />
          <output htmlFor={id}>{rateInWords(rateAt(step))}</output>
          <span className="quiet">can be changed while it runs</span>
        </div>
      </div>
    </Sheet>
  );
}

function parts(plan: RekeyPlanView | undefined, before: string): { happens: ReactNode; touches: ReactNode; back: ReactNode } {
  if (plan === undefined) {
    const waiting = <p className="quiet">{before}</p>;
    return { happens: waiting, touches: waiting, back: waiting };
  }
  const shown = plan.rows.slice(0, 12);
  return {
    happens: (
      <ol>
        <li>
          Each instance is opened with its key, and sealed anew under <code title={plan.target}>{middle(plan.target, 30)}</code>, or what is active by then.
        </li>
        <li>Whatever is saved meanwhile wins; nothing that was saved is overwritten.</li>
        <li>A second census proves that nothing is left, or lists what is.</li>
        {plan.total === 0 ? null : <li>It takes about {duration(plan.estimate.seconds * 1000)}{basis(plan)}.</li>}
      </ol>
    ),
    touches:
      plan.rows.length === 0 ? (
        <p>No instance. {censusAge(plan.census, Date.now())}.</p>
      ) : (
        <>
          <table className="figures rekey-touched">
            <thead>
              <tr>
                <th>Logical Unit</th>
                <th>Under</th>
                <th className="number">Instances</th>
                <th className="number">Size</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={`${row.lu} ${row.keyDescription}`}>
                  <td>{row.lu}</td>
                  <td>
                    <code title={row.keyDescription}>…{row.keyDescription.slice(-8)}</code>
                    {row.readable ? null : ' (stays: not readable here)'}
                  </td>
                  <td className="number">{figure(row.instances)}</td>
                  <td className="number">{size(row.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="quiet">
            {plan.rows.length > shown.length ? `And ${figure(plan.rows.length - shown.length)} more. ` : ''}
            {counted(plan.total, 'instance')}, {size(plan.bytes)}; {censusAge(plan.census, Date.now())}.
          </p>
        </>
      ),
    back: <p>Pause or cancel at any time: nothing is lost. Every instance stays readable, before, during and after; those that were re-encrypted stay so. The older generations are kept.</p>,
  };
}

function basis({ estimate }: RekeyPlanView): string {
  const rate = `at ${figure(estimate.instancesPerSecond)} a second`;
  if (estimate.basis === 'limits') return `, ${rate} as throttled`;
  return estimate.basis === 'measured' ? `, ${rate} as the fastest campaign here` : `, if ${rate} are reached; no campaign has measured it here yet`;
}
