import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import type { ProfileView } from '../../../app/contract/settings.ts';
import { asFailure, ask, queries, type ConsoleFailure } from '../../api.ts';
import { Answered } from '../../ui/Answered.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Identifier } from '../../ui/Identifier.tsx';
import { Dialog } from '../../ui/Sheet.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { NewProfile } from './NewProfile.tsx';

/** The clusters this console knows, and the way to another one. */
export function Profiles(): ReactNode {
  const client = useQueryClient();
  const profiles = useQuery(queries.profiles());
  const navigate = useNavigate();
  const status = useQuery(queries.status());
  // A profile that could not be opened is no more than chosen.
  const isShown = (profile: ProfileView): boolean => profile.current && status.data?.profile.name === profile.name;
  const { open } = useSearch({ from: '/settings' });
  const [creating, setCreating] = useState(false);
  const select = useMutation({
    mutationFn: ({ name, databasePassword }: { name: string; databasePassword?: string }) => ask((c) => c.profiles.select({ name, ...(databasePassword === undefined ? {} : { databasePassword }) })),
    gcTime: 0,
    onSuccess: () => navigate({ to: '/settings', search: {} }),
    onSettled: () => client.invalidateQueries(),
  });
  const asking = profiles.data?.profiles.find((profile) => profile.name === open && profile.needsPassword && !isShown(profile));
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
                    <span className="profile-database">
                      {profile.database.kind === 'cassandra' ? 'Cassandra' : null}
                      <Identifier text={profile.database.location} />
                    </span>
                  </td>
                  <td className="profile-path">{profile.keystore === null ? <span className="quiet">internal</span> : <Identifier text={profile.keystore} />}</td>
                  <td>{[profile.production ? 'Production' : '', profile.fips ? 'FIPS' : ''].filter((word) => word !== '').join(', ') || <span className="quiet">plain</span>}</td>
                  <td className="number">
                    {isShown(profile) ? (
                      <StateBadge state="intact" word="shown" />
                    ) : (
                      <Button variant="default" loading={select.isPending && select.variables.name === profile.name} onClick={() => (profile.needsPassword ? void navigate({ to: '/settings', search: { open: profile.name } }) : select.mutate({ name: profile.name }))} aria-label={`Switch to ${profile.name}`}>
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
      {select.error === null || asking !== undefined ? null : <FailurePanel failure={asFailure(select.error)} />}
      <p className="quiet settings-note">Switching closes the shown profile: its plain keys are zeroed before the other one opens.</p>
      <Button variant="default" onClick={() => setCreating(true)}>
        New profile…
      </Button>
      {asking === undefined ? null : (
        <DatabasePassword
          profile={asking}
          busy={select.isPending}
          failure={select.error === null ? null : asFailure(select.error)}
          onGiven={(databasePassword) => select.mutate({ name: asking.name, databasePassword })}
          onClose={() => {
            select.reset();
            void navigate({ to: '/settings', search: {} });
          }}
        />
      )}
      {creating ? <NewProfile onClose={() => setCreating(false)} /> : null}
    </>
  );
}

/** Opening a profile whose database asks for a password that no file gives. */
function DatabasePassword({ profile, busy, failure, onGiven, onClose }: { profile: ProfileView; busy: boolean; failure: ConsoleFailure | null; onGiven: (password: string) => void; onClose: () => void }): ReactNode {
  const [password, setPassword] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onGiven(password);
    setPassword('');
  };
  return (
    <Dialog title={`Open ${profile.name}`} onClose={onClose}>
      <form className="sheet-form" onSubmit={submit}>
        <PasswordInput label="Password of its database user" description={profile.database.location} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoFocus autoComplete="off" size="sm" />
        {failure === null ? null : <FailurePanel failure={failure} />}
        <div className="dialog-acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={password === ''} loading={busy}>
            Open
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
