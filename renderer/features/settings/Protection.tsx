import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { BlastRadius } from '../../../app/contract/settings.ts';
import type { Status } from '../../../app/contract/session.ts';
import { asFailure, ask } from '../../api.ts';
import { counted } from '../../format.ts';
import { censusAge } from '../../ui/census-age.ts';
import { Facts } from '../../ui/Facts.tsx';
import { FileField } from '../../ui/FileField.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Time } from '../../ui/Time.tsx';

/** The protection key as it is, and the two acts on it: turning the KeyStore on, rotating. */
export function Protection({ status }: { status: Status }): ReactNode {
  const { protection } = status;
  const [open, setOpen] = useState<'enable' | 'rotate' | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const internal = protection.kind === 'internal';
  const finish = (text: string): void => {
    setOpen(null);
    setDone(text);
  };
  return (
    <>
      {internal ? (
        <p className="protection-finding">
          <StateBadge state="warning" word="Finding" />
          <span>Whoever copies the system database has the protection key too, and with it every master key. A KeyStore keeps the protection key in a file of its own, under a password.</span>
        </p>
      ) : null}
      <Facts
        facts={[
          ['Kind', internal ? 'internal, made and kept by the platform itself' : 'Java KeyStore (PKCS12)'],
          ...(protection.location === null ? [] : [['File', <code key="f">{protection.location}</code>] as const]),
          ['Fingerprint', protection.fingerprint === null ? 'not known while locked' : <code key="p">{protection.fingerprint}</code>],
          ...(protection.entries === null ? [] : [['Entries', `${counted(protection.entries, 'entry', 'entries')}, history included`] as const]),
          ['Rotated', protection.rotatedAt === null ? 'never' : <Time key="r" at={protection.rotatedAt} />],
        ]}
      />
      {done === null ? null : (
        <p role="status">
          <StateBadge state="done" word={done} />
        </p>
      )}
      <div className="panel-acts settings-acts">
        {internal ? <Button onClick={() => setOpen('enable')}>Turn the KeyStore on…</Button> : null}
        <Button variant="default" disabled={status.state !== 'live'} onClick={() => setOpen('rotate')}>
          Rotate the protection key…
        </Button>
      </div>
      {open === 'enable' ? <EnableSheet onClose={() => setOpen(null)} onDone={(description) => finish(`The KeyStore is on; ${description} is active under it.`)} /> : null}
      {open === 'rotate' ? <RotateSheet onClose={() => setOpen(null)} onDone={(description) => finish(`The protection key was rotated; ${description} is active under it.`)} /> : null}
    </>
  );
}

interface ActSheetProps {
  readonly onClose: () => void;
  readonly onDone: (description: string) => void;
}

function EnableSheet({ onClose, onDone }: ActSheetProps): ReactNode {
  const [file, setFile] = useState('');
  const [planned, setPlanned] = useState<string | null>(null);
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const plan = useQuery({ queryKey: ['keystore', 'plan-enable', planned], queryFn: () => ask((c) => c.keystore.planEnable({ file: planned ?? '' })), enabled: planned !== null, gcTime: 0 });
  const enable = useAct((confirm) => ask((c) => c.keystore.enable({ file: planned ?? '', password, confirm })), onDone);
  const differ = again !== '' && again !== password;
  const ready = plan.data !== undefined && planned === file && password !== '' && password === again;
  const failure = enable.error ?? plan.error;
  return (
    <Sheet
      title="Turn the KeyStore on"
      {...planParts(plan.data, 'Say which file first; a new one is made if it is not there.')}
      act="Turn on"
      danger
      busy={enable.isPending}
      failure={failure === null ? null : asFailure(failure)}
      onAct={(typed) => ready && enable.mutate(typed)}
      onClose={onClose}
    >
      <FileField label="KeyStore file" description="An existing file, or the place of a new one" purpose="keystore" value={file} onChange={setFile} onSettled={(settled) => setPlanned(settled === '' ? null : settled)} />
      <div className="passwords">
        <PasswordInput label="Password" description="of the KeyStore, or for the new one" value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="new-password" />
        <PasswordInput label="Password again" description="it can not be recovered" value={again} onChange={(event) => setAgain(event.currentTarget.value)} autoComplete="new-password" error={differ ? 'The two differ.' : null} />
      </div>
    </Sheet>
  );
}

function RotateSheet({ onClose, onDone }: ActSheetProps): ReactNode {
  const plan = useQuery({ queryKey: ['keystore', 'plan-rotate'], queryFn: () => ask((c) => c.keystore.planRotate()), gcTime: 0 });
  const rotate = useAct((confirm) => ask((c) => c.keystore.rotate({ confirm })), onDone);
  const failure = rotate.error ?? plan.error;
  return (
    <Sheet
      title="Rotate the protection key"
      {...planParts(plan.data, 'Working out what it would do …')}
      act="Rotate"
      danger
      busy={rotate.isPending}
      failure={failure === null ? null : asFailure(failure)}
      onAct={(typed) => plan.data !== undefined && rotate.mutate(typed)}
      onClose={onClose}
    />
  );
}

function useAct(act: (confirm: string) => Promise<{ description: string }>, onDone: (description: string) => void): UseMutationResult<{ description: string }, Error, string> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    gcTime: 0,
    onSuccess: async ({ description }) => {
      await client.invalidateQueries();
      onDone(description);
    },
  });
}

/** The three parts of a sheet from main's own plan. */
function planParts(plan: BlastRadius | undefined, before: string): { happens: ReactNode; touches: ReactNode; back: ReactNode; warnings: readonly string[]; confirm: { text: string; what: string } | null } {
  if (plan === undefined) {
    const waiting = <p className="quiet">{before}</p>;
    return { happens: waiting, touches: waiting, back: waiting, warnings: [], confirm: null };
  }
  return {
    happens: (
      <ol>
        {plan.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    ),
    touches: (
      <p>
        {counted(plan.generations, 'generation')} and {counted(plan.instances, 'instance')}, {censusAge(plan.census, Date.now())}. All of them stay readable.
      </p>
    ),
    back: <p>{plan.wayBack}</p>,
    warnings: plan.warnings,
    confirm: { text: plan.confirm, what: 'the profile' },
  };
}
