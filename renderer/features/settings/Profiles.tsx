import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { asFailure, ask, queries } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Dialog } from '../../ui/Sheet.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { FileField } from './FileField.tsx';

/** The clusters this console knows, and the way to another one. */
export function Profiles(): ReactNode {
  const client = useQueryClient();
  const profiles = useQuery(queries.profiles());
  const [creating, setCreating] = useState(false);
  const select = useMutation({ mutationFn: (name: string) => ask((c) => c.profiles.select({ name })), onSettled: () => client.invalidateQueries() });
  return (
    <>
      <Answered query={profiles} what="Reading the profiles">
        {({ profiles: all }) => (
          <table className="figures profiles">
            <thead>
              <tr>
                <th>Profile</th>
                <th>System database</th>
                <th>KeyStore</th>
                <th>Kind</th>
                <th>
                  <span className="hidden-text">Switch</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {all.map((profile) => (
                <tr key={profile.name}>
                  <td>
                    <strong>{profile.name}</strong>
                  </td>
                  <td className="profile-path">
                    <Identifier text={profile.sqlite} />
                  </td>
                  <td className="profile-path">{profile.keystore === null ? <span className="quiet">internal</span> : <Identifier text={profile.keystore} />}</td>
                  <td>{[profile.production ? 'Production' : '', profile.fips ? 'FIPS' : ''].filter((word) => word !== '').join(', ') || <span className="quiet">plain</span>}</td>
                  <td className="number">
                    {profile.current ? (
                      <StateBadge state="intact" word="shown" />
                    ) : (
                      <Button variant="default" loading={select.isPending && select.variables === profile.name} onClick={() => select.mutate(profile.name)} aria-label={`Switch to ${profile.name}`}>
                        Switch
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Answered>
      {select.error === null ? null : <FailurePanel failure={asFailure(select.error)} />}
      <p className="quiet settings-note">Switching closes the shown profile: its plain keys are zeroed before the other one opens.</p>
      <Button variant="default" onClick={() => setCreating(true)}>
        New profile…
      </Button>
      {creating ? <NewProfile onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function NewProfile({ onClose }: { onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [sqlite, setSqlite] = useState('');
  const [production, setProduction] = useState(false);
  const [fips, setFips] = useState(false);
  const create = useMutation({
    mutationFn: () => ask((c) => c.profiles.create({ name, sqlite, fips, production })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['profiles'] });
      onClose();
    },
  });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog title="New profile" onClose={onClose} wide>
      <form className="sheet-form" onSubmit={submit}>
        <TextInput label="Name" value={name} maxLength={64} onChange={(event) => setName(event.currentTarget.value)} autoFocus spellCheck={false} autoComplete="off" />
        <FileField label="System database (SQLite)" description="An existing file, or the place of a new one" purpose="database" value={sqlite} onChange={setSqlite} />
        <Switch label="Production" detail="The frame carries its colour, and dangerous acts ask for the profile's name." checked={production} onChange={setProduction} />
        <Switch label="FIPS" detail="Only approved algorithms: instance keys by HMAC-SHA-512/256. It can not be changed afterwards." checked={fips} onChange={setFips} />
        <p className="quiet">The KeyStore is turned on afterwards, in the new profile's own settings.</p>
        {create.error === null ? null : <FailurePanel failure={asFailure(create.error)} />}
        <div className="dialog-acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={name === '' || sqlite === ''} loading={create.isPending}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Switch({ label, detail, checked, onChange }: { label: string; detail: string; checked: boolean; onChange: (checked: boolean) => void }): ReactNode {
  return (
    <label className="switch">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>
        <strong>{label}</strong> <span className="quiet">{detail}</span>
      </span>
    </label>
  );
}
