import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import type { ReplacedName, ReplacementPlan, ReplacementRequest, ReplacementStep } from '../../../app/contract/kms-replace.ts';
import { asFailure, ask, onConsoleEvent } from '../../api.ts';
import { counted, middle } from '../../format.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { Outcome } from './Outcome.tsx';
import { PlanView } from './PlanView.tsx';
import { ReplaceForm } from './ReplaceForm.tsx';
import { dependentWords, planSentence, resultSentence } from './sentence.ts';
import { StepList } from './StepList.tsx';
import './kms-replace.css';

export interface ReplaceKeyProps {
  readonly provider: ReplacementRequest['provider'];
  /** The KMS key that is to be replaced, as config.ini names it; null where none is. */
  readonly current: string | null;
}

/** Which answers a replacement makes old. */
const STALE = ['keys', 'overview', 'command', 'audit', 'status', 'config', 'regions', 'kms', 'replacement', 'data'];

/** A KMS key takes over: tried, planned, confirmed, carried out. */
export function ReplaceKey({ provider, current }: ReplaceKeyProps): ReactNode {
  const client = useQueryClient();
  const [steps, setSteps] = useState<readonly ReplacementStep[]>([]);
  const [confirming, setConfirming] = useState(false);
  const [reason, setReason] = useState('');
  useEffect(() => onConsoleEvent((event) => event.type === 'replacement' && setSteps((before) => withStep(before, event.step))), []);
  const plan = useMutation({ mutationFn: (request: ReplacementRequest) => ask((c) => c.replacement.plan(request)), onMutate: () => setSteps([]), gcTime: 0 });
  const run = useMutation({
    mutationFn: ({ request, confirm }: { request: ReplacementRequest; confirm: string }) => ask((c) => c.replacement.run({ ...request, confirm, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) })),
    onMutate: () => {
      setSteps([]);
      setConfirming(false);
    },
    onSettled: () => Promise.all(STALE.map((key) => client.invalidateQueries({ queryKey: [key] }))),
    gcTime: 0,
  });
  const request = plan.variables;
  const value = plan.data;
  const ready = value !== undefined && value.refusal === null && !value.alreadySo && !plan.isPending;

  if (!run.isIdle) {
    return (
      <>
        {run.data !== undefined ? <Sentence {...resultSentence(run.data)} /> : <Sentence tone={run.error === null ? 'calm' : 'alarm'} text={run.error === null ? 'The new key is taking over …' : stoppedWords(asFailure(run.error).code)} />}
        <Section title="Steps">
          <StepList label="Steps of the replacement" steps={steps} />
        </Section>
        {run.error === null ? null : <FailurePanel failure={asFailure(run.error)} {...(request === undefined ? {} : { retry: () => backTo(request) })} />}
        {run.data === undefined ? null : <Outcome result={run.data} />}
      </>
    );
  }
  return (
    <>
      <Sentence {...sentenceOf(value, plan.isPending, current)}>
        <Button disabled={!ready} onClick={() => setConfirming(true)}>
          Replace the key…
        </Button>
      </Sentence>
      <Section title="The key that takes over">
        <ReplaceForm provider={provider} busy={plan.isPending} onTry={(next) => plan.mutate(next)} />
      </Section>
      {plan.error === null ? null : <FailurePanel failure={asFailure(plan.error)} />}
      {plan.isIdle ? null : (
        <Section title="Checks from here">
          <StepList label="Checks from here" steps={plan.isPending ? steps : (value?.steps ?? steps)} />
        </Section>
      )}
      {value === undefined || plan.isPending ? null : <PlanView plan={value} busy={plan.isPending} onChoose={(name, activate) => request !== undefined && plan.mutate(chosen(request, name, activate))} />}
      {confirming && value !== undefined && request !== undefined ? (
        <Sheet
          title="Replace the KMS key"
          happens={<Happens plan={value} />}
          touches={
            <ul>
              <li>{counted(value.changes.filter(({ changed }) => changed).length, 'config.ini', 'config.ini files')}; running nodes read it when they go live.</li>
              <li>No stored instance changes: {dependentWords(value.dependents)}.</li>
            </ul>
          }
          back={<p>The old files stay beside the new ones as <code>config.ini.bak</code>, and the old KMS key is not touched: put them back and activate once more. What was saved meanwhile stays readable through the new key.</p>}
          warnings={value.warnings}
          confirm={{ text: value.confirm, what: 'the profile' }}
          act="Replace the key"
          onAct={(confirm) => run.mutate({ request, confirm })}
          onClose={() => setConfirming(false)}
        >
          <TextInput label="Reason" description="Kept with the generations and in the audit trail." value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} />
        </Sheet>
      ) : null}
    </>
  );

  /** What was done is left alone when it is planned again. */
  function backTo(asked: ReplacementRequest): void {
    run.reset();
    plan.mutate(asked);
  }
}

function Happens({ plan }: { plan: ReplacementPlan }): ReactNode {
  return (
    <ol>
      <li>
        <code className="wraps">{plan.keyId}</code> is tried once more.
      </li>
      <li>The config.ini of every node is written, whole or not at all.</li>
      {plan.names
        .filter(({ then }) => then === 'activate')
        .map(({ name }) => (
          <li key={name}>{name} gets a new generation under it, read back before it is active.</li>
        ))}
    </ol>
  );
}

function sentenceOf(plan: ReplacementPlan | undefined, busy: boolean, current: string | null): Parameters<typeof Sentence>[0] {
  if (busy) return { text: 'The new key is being tried from here; nothing is changed …', tone: 'calm' };
  if (plan !== undefined) return planSentence(plan);
  return { text: current === null ? 'Name the KMS key that is to wrap master keys: it is tried before anything is changed.' : `Name the KMS key that takes over from ${middle(current, 40)}: it is tried before anything is changed.`, tone: 'calm' };
}

function stoppedWords(code: string): string {
  return code === 'KMS_REPLACE_PARTLY' ? 'The replacement stopped half way. Everything that was readable stays readable.' : 'The replacement was not carried out. Nothing was changed.';
}

function withStep(steps: readonly ReplacementStep[], step: ReplacementStep): readonly ReplacementStep[] {
  return steps.some(({ id }) => id === step.id) ? steps.map((known) => (known.id === step.id ? step : known)) : [...steps, step];
}

/** The request with another choice for one name. */
function chosen(request: ReplacementRequest, { name, then }: ReplacedName, activate: boolean): ReplacementRequest {
  const without = (names: readonly string[] | undefined): string[] => (names ?? []).filter((other) => other !== name);
  const [also, leave] = [without(request.also), without(request.leave)];
  // A box that is cleared again may stand for a default of either kind: only the plan knows.
  if (activate && then === 'stays' && !(request.leave ?? []).includes(name)) also.push(name);
  if (!activate && !(request.also ?? []).includes(name)) leave.push(name);
  return { ...request, also, leave };
}
