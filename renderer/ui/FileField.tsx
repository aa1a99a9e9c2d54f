import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asFailure, ask, queries } from '../api.ts';
import { FailurePanel } from './FailurePanel.tsx';

interface FileFieldProps {
  readonly label: string;
  readonly description: string;
  /** Only a KeyStore and a database may be new ones. */
  readonly purpose: 'keystore' | 'database' | 'config' | 'folder';
  readonly value: string;
  readonly onChange: (file: string) => void;
  /** The path is as it is meant: chosen, or typed and left. */
  readonly onSettled?: (file: string) => void;
}

/** A path to type, and the host's file dialogs where it has any. */
export function FileField({ label, description, purpose, value, onChange, onSettled }: FileFieldProps): ReactNode {
  const host = useQuery(queries.host());
  const choose = useMutation({
    mutationFn: (create: boolean) => ask((c) => c.dialog.chooseFile({ purpose, create })),
    onSuccess: ({ file }) => {
      if (file === null) return;
      onChange(file);
      onSettled?.(file);
    },
  });
  return (
    <>
      <div className="file-choice">
        <TextInput label={label} description={description} value={value} onChange={(event) => onChange(event.currentTarget.value)} onBlur={() => onSettled?.(value)} spellCheck={false} autoComplete="off" />
        {host.data?.kind === 'electron' ? (
          <>
            <Button variant="default" onClick={() => choose.mutate(false)}>
              Choose…
            </Button>
            {purpose === 'keystore' || purpose === 'database' ? (
              <Button variant="default" onClick={() => choose.mutate(true)}>
                New…
              </Button>
            ) : null}
          </>
        ) : null}
      </div>
      {choose.error === null ? null : <FailurePanel failure={asFailure(choose.error)} />}
    </>
  );
}
