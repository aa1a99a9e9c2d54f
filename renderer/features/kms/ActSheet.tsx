import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { KmsActName, KmsKeyView, KmsPlanView } from '../../../app/contract/kms.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { counted, figure, middle } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { Counting } from '../../ui/Counting.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { TouchedInstances, TouchedPlaces } from './Touched.tsx';
import { ACT_WORDS } from './words.tsx';

/** Generations that are listed; the figures count all. */
const SHOWN = 8;

/** Consequences before an act on a KMS key: the real plan, with everything that depends on it. */
export function ActSheet({ act, of, onClose }: { act: KmsActName; of: Pick<KmsKeyView, 'provider' | 'keyId'>; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const request = { act, provider: of.provider, keyId: of.keyId };
  const plan = useQuery(queries.kmsPlan(request));
  const run = useMutation({
    mutationFn: (confirm: string) => ask((c) => c.kms.act({ ...request, confirm })),
    gcTime: 0,
    onSuccess: onClose,
    // Also after an unknown outcome the state may be another one.
    onSettled: () => client.invalidateQueries({ queryKey: ['kms'] }),
  });
  const words = ACT_WORDS[act];
  const value = plan.data;
  const refusal = value?.refusal ?? null;
  const failure = run.error ?? plan.error;
  return (
    <Sheet
      title={words.title}
      {...parts(value)}
      warnings={value?.warnings ?? []}
      confirm={refusal === null ? (value?.confirm ?? null) : null}
      act={words.done}
      ready={value !== undefined && refusal === null}
      danger={act === 'disable' || act === 'schedule-deletion'}
      busy={run.isPending}
      failure={failure === null ? refusal : asFailure(failure)}
      onAct={(typed) => run.mutate(typed)}
      onClose={onClose}
    />
  );
}

function parts(plan: KmsPlanView | undefined): { happens: ReactNode; touches: ReactNode; back: ReactNode } {
  if (plan === undefined) {
    const waiting = <p className="quiet">Asking the KMS, and counting what depends on the key …</p>;
    return { happens: waiting, touches: <Counting what="Counting what depends on the key …" />, back: waiting };
  }
  return {
    happens: (
      <ol>
        {plan.steps.map((step) => (
          <li key={step}>{step}.</li>
        ))}
      </ol>
    ),
    touches: (
      <>
        <TouchedInstances byLu={plan.byLu} />
        <p>
          {counted(plan.generations.length, 'generation')} and {counted(plan.instances, 'instance')}; {censusAge(plan.census, Date.now())}.
        </p>
        {plan.generations.length === 0 ? null : (
          <ul className="kms-touched">
            {plan.generations.slice(0, SHOWN).map(({ description, state, instances }) => (
              <li key={description}>
                <Link to="/keys/$description" params={{ description }} title={description}>
                  <code>{middle(description, 30)}</code>
                </Link>{' '}
                <span className="quiet">
                  {state}, {figure(instances)}
                </span>
              </li>
            ))}
            {plan.generations.length > SHOWN ? <li className="quiet">and {figure(plan.generations.length - SHOWN)} more</li> : null}
          </ul>
        )}
        <TouchedPlaces nodes={plan.nodes} regions={plan.regions} named="it" />
      </>
    ),
    back: <p>{plan.wayBack}</p>,
  };
}
