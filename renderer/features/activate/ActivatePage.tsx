import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { ActivationPlan } from '../../../app/contract/command.ts';
import { asFailure, ask, onConsoleEvent, queries } from '../../api.ts';
import { counted, middle } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { Counting } from '../../ui/Counting.tsx';
import { Fingerprint } from '../../ui/Fingerprint.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { usePageKeys, type PageKey } from '../frame/page-keys.ts';
import { TouchedInstances, TouchedPlaces } from '../kms/Touched.tsx';
import { CommandLine } from './CommandLine.tsx';
import { PlanView, StaysReadable } from './PlanView.tsx';
import { Progress } from './Progress.tsx';
import { moduleChoices, pairSentence, partnerOf } from './pairs.ts';
import { activatedSentence, activateSentence } from './sentence.ts';
import { stepStates, truthAfter, type ActivationEvent } from './steps.ts';
import { useCommand, type Command } from './use-command.ts';
import './activate.css';

const KEYS: readonly PageKey[] = [
  { keys: ['Tab'], does: 'Command line: take the completion' },
  { keys: ['Ctrl', 'Space'], does: 'Command line: what can stand here' },
  { keys: ['Enter'], does: 'Command line: to the confirmation' },
];


/** What would a new generation do, and what did it do? */
export function ActivatePage(): ReactNode {
  const { command: asked, name } = useSearch({ from: '/activate' });
  // Another command in the address is another start; typing never changes the address.
  return <Activation key={`${asked ?? ''} ${name ?? ''}`} start={asked ?? (name === undefined ? "activatekey name='masterkey_key_name'" : `activatekey name='${name.replaceAll("'", "''")}'`)} />;
}

function Activation({ start }: { start: string }): ReactNode {
  const client = useQueryClient();
  const command = useCommand(start);
  const status = useQuery(queries.status());
  const plan = useQuery({ ...queries.plan(command.text), enabled: command.sound });
  const [reason, setReason] = useState('');
  const [confirming, setConfirming] = useState(false);
  const [events, setEvents] = useState<readonly ActivationEvent[]>([]);
  usePageKeys(KEYS);
  useEffect(() => onConsoleEvent((event) => event.type === 'activation' && setEvents((before) => [...before, event])), []);
  const run = useMutation({
    mutationFn: (planned: ActivationPlan) => ask((c) => c.command.run({ text: planned.command, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) })),
    onMutate: () => {
      setEvents([]);
      setConfirming(false);
    },
    onSettled: () => Promise.all(['keys', 'overview', 'command', 'audit', 'status'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  const shown = command.sound ? plan.data : undefined;

  if (!run.isIdle) return <Running run={run} events={events} />;
  const profile = status.data?.profile;
  const ready = shown !== undefined;
  return (
    <div className="page">
      <Sentence {...activateSentence(shown, command.problem !== null || plan.error !== null)}>
        <Button disabled={!ready} onClick={() => setConfirming(true)}>
          Activate…
        </Button>
      </Sentence>
      <div className="activate-inputs">
        <Section title="Form">
          <Form command={command} />
        </Section>
        <Section title="Command">
          <CommandLine label="Command" text={command.text} onChange={command.write} problem={command.problem} onEnter={() => ready && setConfirming(true)} autoFocus />
          <Textarea
            className="reason"
            label="Reason"
            description="Kept with the generation and in the audit trail."
            value={reason}
            maxLength={500}
            rows={2}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Section>
      </div>
      {plan.error !== null && command.sound ? <FailurePanel failure={asFailure(plan.error)} retry={() => void plan.refetch()} /> : null}
      {shown === undefined ? command.sound && plan.isPending ? <Counting what="" /> : null : <PlanView plan={shown} />}
      {confirming && shown !== undefined ? (
        <Sheet
          title={`Activate a new generation of ${shown.name}`}
          happens={
            <ol>
              {shown.steps.map((step) => (
                <li key={step.id}>{step.title}</li>
              ))}
            </ol>
          }
          touches={<Touches plan={shown} />}
          back={<p>The older generations stay as they are. To leave the new one again, activate yet another: a generation is never taken back, and nothing becomes unreadable.</p>}
          warnings={shown.warnings}
          confirm={profile?.production === true ? { text: profile.name, what: 'the production profile' } : null}
          act="Activate"
          onAct={() => run.mutate(shown)}
          onClose={() => setConfirming(false)}
        >
          <p className="sheet-command">
            <code>{shown.command}</code>
          </p>
        </Sheet>
      ) : null}
    </div>
  );
}

function Touches({ plan }: { plan: ActivationPlan }): ReactNode {
  return (
    <>
      <ul>
        <li>{plan.previous === null ? `The first generation of ${plan.name}.` : `${middle(plan.previous, 36)} stops being the active one.`}</li>
        <li>{plan.instancesUnderOlder === 0 ? 'No stored instance changes.' : `${counted(plan.instancesUnderOlder, 'instance')} stay under older generations until they are saved or rekeyed.`}</li>
        <li>
          {plan.kms !== null ? (
            <>
              Wrapped by {plan.kms.provider} under <code>{plan.kms.keyId}</code>
              {plan.kms.location === null ? '' : ` in ${plan.kms.location}`}: {counted(plan.kms.calls.reduce((sum, call) => sum + call.times, 0), 'call')} ({plan.kms.calls.map(({ operation, times }) => `${operation} ${times}`).join(', ')}{plan.kms.lookups.length === 0 ? '' : `; the first time in a process also ${plan.kms.lookups.join(', ')}`}).
            </>
          ) : plan.protection !== null ? (
            <>
              Protected by the {plan.protection.kind === 'keystore' ? 'KeyStore’s' : 'internal'} key <code>{plan.protection.fingerprint.slice(0, 9)}</code>.
            </>
          ) : null}
        </li>
      </ul>
      {plan.kms === null ? null : (
        <>
          <TouchedInstances byLu={plan.byLu} />
          <p>
            {counted(plan.staysReadable.length, 'generation')} and {counted(plan.instancesUnderOlder, 'instance')}; {censusAge(plan.census, Date.now())}.
          </p>
          <TouchedPlaces nodes={plan.nodes} regions={plan.regions} named={plan.kms.provider} />
        </>
      )}
    </>
  );
}

function Form({ command }: { command: Command }): ReactNode {
  const keys = useQuery(queries.keys());
  const { form, fill, outOfStep } = command;
  const pairs = useQuery(queries.pairs()).data?.pairs ?? [];
  const names = keys.data?.names ?? [];
  const withCurrent = (values: readonly string[], current: string): string[] => (values.includes(current) ? [...values] : [current, ...values]);
  const chosen = pairs.find((pair) => pair.generator === form.generatorType && pair.store === form.storeType);
  return (
    <>
      <fieldset className="activate-form" disabled={outOfStep} aria-describedby={outOfStep ? 'out-of-step' : undefined}>
        <NativeSelect label="Key name" data={withCurrent(names, form.name)} value={form.name} onChange={(event) => fill({ name: event.currentTarget.value })} />
        <div className="activate-pair">
          <NativeSelect
            label="Generator"
            description="makes the key"
            data={moduleChoices(pairs, 'generator', form.generatorType)}
            value={form.generatorType}
            onChange={({ currentTarget: { value } }) => fill({ generatorType: value, storeType: partnerOf(pairs, 'generator', value, form.storeType) })}
          />
          <NativeSelect
            label="Store"
            description="protects and keeps it"
            data={moduleChoices(pairs, 'store', form.storeType)}
            value={form.storeType}
            onChange={({ currentTarget: { value } }) => fill({ storeType: value, generatorType: partnerOf(pairs, 'store', value, form.generatorType) })}
          />
        </div>
        <p className="quiet activate-kms">{pairSentence(chosen)}</p>
        <TextInput label="Arguments" description="the local modules take none" value={form.args ?? ''} onChange={(event) => fill({ args: event.currentTarget.value === '' ? null : event.currentTarget.value })} />
      </fieldset>
      <p className="out-of-step" id="out-of-step" role="status">
        {outOfStep ? (
          <>
            The form does not show what the line says until the line’s mistake is mended.{' '}
            {form.name === '' ? null : (
              <button type="button" className="link-button" onClick={() => fill({})}>
                Write the line from the form
              </button>
            )}
          </>
        ) : null}
      </p>
    </>
  );
}

interface Run {
  readonly variables: ActivationPlan | undefined;
  readonly data: { readonly name: string; readonly description: string; readonly previous: string | null; readonly fingerprint: string } | undefined;
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly reset: () => void;
}

/** The activation while it runs, and what is true when it has ended. */
function Running({ run, events }: { run: Run; events: readonly ActivationEvent[] }): ReactNode {
  const keys = useQuery(queries.keys());
  const steps = stepStates(events, run.isPending ? 'no' : run.error === null ? 'well' : 'badly');
  const name = run.variables?.name ?? '';
  const active = keys.data?.keys.find((key) => key.name === name && key.state === 'active');
  return (
    <div className="page">
      {run.data !== undefined ? (
        <Sentence {...activatedSentence(run.data.name, run.data.description, run.variables?.instancesUnderOlder ?? 0)} />
      ) : run.error !== null ? (
        <Sentence tone="alarm" text={`The activation of ${name} stopped; nothing that was readable is lost.`} />
      ) : (
        <Sentence tone="calm" text={`A new generation of ${name} is being made.`} />
      )}
      <Section title="Steps">
        <Progress steps={steps} />
      </Section>
      {run.error === null ? null : (
        <>
          <FailurePanel failure={asFailure(run.error)} />
          <Section title="What is true now">
            <ul className="truths">
              {truthAfter(name, active?.description ?? null, steps).map((truth) => (
                <li key={truth}>{truth}</li>
              ))}
            </ul>
          </Section>
        </>
      )}
      {run.data === undefined ? null : (
        <Section title="The new generation">
          <p className="new-generation">
            <Fingerprint text={run.data.fingerprint} />
            <Link to="/keys/$description" params={{ description: run.data.description }}>
              <code>{run.data.description}</code>
            </Link>
          </p>
        </Section>
      )}
      {run.data === undefined || run.variables === undefined ? null : <StaysReadable plan={run.variables} />}
      {run.isPending ? null : (
        <div className="panel-acts">
          {run.data === undefined ? (
            <Link to="/keys" className="plain-link">
              Look at the master keys
            </Link>
          ) : (
            <Link to="/keys/$description" params={{ description: run.data.description }} className="plain-link">
              See it in the timeline
            </Link>
          )}
          <Button variant="default" onClick={run.reset}>
            {run.data === undefined ? 'Back to the command' : 'Activate another'}
          </Button>
        </div>
      )}
    </div>
  );
}
