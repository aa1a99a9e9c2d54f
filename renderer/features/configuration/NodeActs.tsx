import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { FileField } from '../../ui/FileField.tsx';
import { Dialog, Sheet } from '../../ui/Sheet.tsx';

/** Tells the console where a node's config.ini is. */
export function AddNode({ first, onClose }: { first: boolean; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const [node, setNode] = useState('');
  const [configIni, setFile] = useState('');
  const add = useMutation({
    mutationFn: () => ask((c) => c.config.addNode({ node, configIni })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['config'] });
      onClose();
    },
  });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog title="Add a node" onClose={onClose}>
      <form className="sheet-form" onSubmit={submit}>
        <TextInput label="Name" description={first ? 'what operators call the machine; the first one is this machine’s' : 'what operators call the machine'} value={node} maxLength={128} onChange={(event) => setNode(event.currentTarget.value)} autoFocus spellCheck={false} autoComplete="off" />
        <FileField label="Its config.ini" description="a path from this machine: a mounted folder, a checkout" purpose="config" value={configIni} onChange={setFile} />
        {add.error === null ? null : <FailurePanel failure={asFailure(add.error)} />}
        <div className="dialog-acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={node === '' || configIni === ''} loading={add.isPending}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Forgets a node; its file is not touched. */
export function RemoveNode({ node, file, onClose }: { node: string; file: string; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => ask((c) => c.config.removeNode({ node })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['config'] });
      onClose();
    },
  });
  return (
    <Sheet
      title={`Remove ${node}`}
      happens={<p>The profile forgets the node and where its config.ini is.</p>}
      touches={
        <p>
          The profile alone. <code className="wraps">{file}</code> stays as it is, and the node runs on.
        </p>
      }
      back={<p>Add it again, with the same path.</p>}
      act="Remove"
      busy={remove.isPending}
      failure={remove.error === null ? null : asFailure(remove.error)}
      onAct={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
