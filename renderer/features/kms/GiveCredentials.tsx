import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Dialog } from '../../ui/Sheet.tsx';
import { keepingText } from './credentials-text.ts';

/** Asks for credentials for AWS. The secrets are gone from the form as soon as they are sent. */
export function GiveCredentials({ seals, onClose }: { seals: boolean; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const [accessKeyId, setAccessKeyId] = useState('');
  const [secret, setSecret] = useState('');
  const [token, setToken] = useState('');
  const give = useMutation({
    mutationFn: (given: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) => ask((c) => c.kms.giveCredentials(given)),
    gcTime: 0,
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['kms'] }),
  });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (give.isPending) return;
    // Pasted texts bring blanks and line ends with them; what AWS gives out has none.
    const sessionToken = token.trim();
    give.mutate({ accessKeyId: accessKeyId.trim(), secretAccessKey: secret.trim(), ...(sessionToken === '' ? {} : { sessionToken }) });
    setSecret('');
    setToken('');
  };
  return (
    <Dialog title="Give credentials for AWS" onClose={onClose}>
      <form className="sheet-form" onSubmit={submit}>
        <p>{keepingText(seals)} config.ini’s own go first.</p>
        <TextInput label="Access key ID" description="of a user or role that has the rights of the recipe, and no more" value={accessKeyId} maxLength={128} onChange={(event) => setAccessKeyId(event.currentTarget.value)} autoFocus spellCheck={false} autoComplete="off" />
        <PasswordInput label="Secret access key" value={secret} maxLength={256} onChange={(event) => setSecret(event.currentTarget.value)} autoComplete="off" />
        <PasswordInput label="Session token" description="only where the credentials are temporary" value={token} maxLength={16_384} onChange={(event) => setToken(event.currentTarget.value)} autoComplete="off" />
        {give.error === null ? null : <FailurePanel failure={asFailure(give.error)} />}
        <div className="dialog-acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={accessKeyId.trim() === '' || secret.trim() === ''} loading={give.isPending}>
            Give
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
