import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import type { Status } from '../../../app/contract/session.ts';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Shape } from '../../ui/Shape.tsx';

/** Asks again. The page beneath stays as it was left, unsaved input included, and can not be reached. */
export function LockScreen({ status }: { status: Status }): ReactNode {
  const client = useQueryClient();
  const ref = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [password, setPassword] = useState('');
  const needsPassword = status.unlockNeeds === 'keystore-password';
  const unlock = useMutation({
    mutationFn: (keystorePassword: string) => ask((c) => c.session.unlock(needsPassword ? { keystorePassword } : {})),
    gcTime: 0,
    onSettled: async () => {
      setPassword('');
      await client.invalidateQueries();
    },
    onError: () => field.current?.focus(),
  });
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    unlock.mutate(password);
  };
  return (
    <dialog ref={ref} className="lock" aria-labelledby="lock-title" onCancel={(event) => event.preventDefault()}>
      <form onSubmit={submit}>
        <h1 id="lock-title">
          <Shape name="square" size={14} /> {status.profile.name} is locked
        </h1>
        <p>The plain keys were zeroed. What you were doing is kept and comes back as you left it.</p>
        {needsPassword ? (
          <PasswordInput
            ref={field}
            label="Password of the KeyStore"
            description={status.protection.location ?? undefined}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoFocus
            autoComplete="off"
            size="sm"
          />
        ) : null}
        {unlock.error === null ? null : <FailurePanel failure={asFailure(unlock.error)} />}
        <Button type="submit" size="sm" loading={unlock.isPending} disabled={needsPassword && password === ''} autoFocus={!needsPassword}>
          Unlock
        </Button>
      </form>
    </dialog>
  );
}
