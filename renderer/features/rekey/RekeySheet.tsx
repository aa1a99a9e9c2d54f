import { NativeSelect, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { RekeyLimitsInput, RekeyPlanView, RekeyRequestInput } from '../../../app/contract/rekey.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, duration, figure, middle, size } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { readColumns } from './columns.ts';
import { LimitSlider } from './LimitSlider.tsx';
import { limitsWith, type LimitName } from './rates.ts';

/** What can be asked for; a generation is `UNDER` and its key description. */
const EVERY = 'every';
const FIELDS = 'fields';
const UNDER = 'under ';
const LIMITS: readonly LimitName[] = ['instancesPerSecond', 'mebibytesPerSecond', 'concurrency'];

/** Consequences before a rekey: a real plan, then the start. */
export function RekeySheet({ from, onClose }: { from: string | undefined; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [what, setWhat] = useState(from === undefined ? EVERY : `${UNDER}${from}`);
  const [without, setWithout] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState('');
  const [limits, setLimits] = useState<RekeyLimitsInput>({});
  const overFields = what === FIELDS;
  const columns = readColumns(typed);
  const asked: RekeyRequestInput = what.startsWith(UNDER) ? { from: [what.slice(UNDER.length)] } : {};
  const whole = useQuery(queries.rekeyPlan({ request: asked }));
  const every = useQuery(queries.rekeyPlan({ request: {} }));
  const lus = [...new Set((whole.data?.rows ?? []).map((row) => row.lu))];
  const chosen = lus.filter((lu) => !without.includes(lu));
  const request: RekeyRequestInput = overFields ? { fields: columns.fields } : { ...asked, ...(chosen.length === lus.length ? {} : { lus: chosen }) };
  const none = overFields ? columns.fields.length === 0 : lus.length > 0 && chosen.length === 0;
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
      {...parts(value, overFields, none ? (overFields ? 'Name one column at least.' : 'Choose one Logical Unit at least.') : 'Working out what it would do; figures older than an hour are counted anew first …')}
      warnings={[...(refusal === undefined ? [] : [`${refusal.message} ${refusal.remedy}`]), ...(value?.warnings ?? []).map((warning) => `${warning.message} ${warning.remedy}`)]}
      confirm={value?.confirm == null ? null : { text: value.confirm, what: 'the profile' }}
      act={value === undefined || value.total === 0 ? 'Start' : overFields ? `Go through ${counted(value.total, 'instance')}` : `Re-encrypt ${counted(value.total, 'instance')}`}
      busy={start.isPending}
      failure={failure === null ? null : asFailure(failure)}
      onAct={(confirm) => ready && start.mutate(confirm)}
      onClose={onClose}
    >
      <div className="rekey-choice">
        <NativeSelect
          label="What"
          value={what}
          onChange={(event) => {
            setWhat(event.currentTarget.value);
            setWithout([]);
          }}
          data={[{ value: EVERY, label: 'Everything that is not under the active generation' }, ...generations.map((each) => ({ value: `${UNDER}${each}`, label: `What is under ${middle(each, 56)}` })), { value: FIELDS, label: 'Values of field level encryption in named columns' }]}
        />
        {overFields ? (
          <Textarea label="Columns" description="one on each line, as CUSTOMER:payment.card" value={typed} error={columns.mistake} rows={3} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.currentTarget.value)} />
        ) : lus.length < 2 ? null : (
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
        {plan.data === undefined ? null : <Limits limits={{ ...plan.data.limits, ...limits }} onChange={(name, to) => setLimits({ ...limits, ...limitsWith(name, to) })} />}
      </div>
    </Sheet>
  );
}

function Limits({ limits, onChange }: { limits: RekeyLimitsInput; onChange: (name: LimitName, value: number | null) => void }): ReactNode {
  return (
    <div className="rekey-limits">
      {LIMITS.map((name) => (
        <LimitSlider key={name} name={name} value={limits[name] ?? null} onChange={(value) => onChange(name, value)} />
      ))}
      <span className="quiet">can be changed while it runs</span>
    </div>
  );
}

function parts(plan: RekeyPlanView | undefined, overFields: boolean, before: string): { happens: ReactNode; touches: ReactNode; back: ReactNode } {
  if (plan === undefined) {
    const waiting = <p className="quiet">{before}</p>;
    return { happens: waiting, touches: waiting, back: waiting };
  }
  const shown = plan.rows.slice(0, 12);
  return {
    happens: (
      <ol>
        <li>
          {overFields ? 'In each instance the values in these columns that are under another generation are opened, and sealed anew under ' : 'Each instance is opened with its key, and sealed anew under '}
          <code title={plan.target}>{middle(plan.target, 30)}</code>, or what is active by then{overFields ? '; so is the instance around them' : ''}.
        </li>
        <li>Whatever is saved meanwhile wins; nothing that was saved is overwritten.</li>
        <li>{overFields ? 'A census does not see field values, so at the end every instance is opened once more, and what the columns hold is counted by generation.' : 'A second census proves that nothing is left, or lists what is.'}</li>
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
