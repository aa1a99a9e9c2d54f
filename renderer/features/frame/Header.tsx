import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Status } from '../../../app/contract/session.ts';
import { ask, queries, type ConsoleFailure } from '../../api.ts';
import { counted, middle } from '../../format.ts';
import { Keys, MOD } from '../../ui/Keys.tsx';
import { Shape } from '../../ui/Shape.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';

const NEW_PROFILE = '\u0000new';

interface HeaderProps {
  readonly status: Status | undefined;
  /** Nothing was ever read of the profile, because its database does not answer. */
  readonly isUnread: boolean;
  readonly onPalette: () => void;
  readonly onLock: () => void;
  readonly lockFailure: ConsoleFailure | null;
}

/** Which profile, which database, which protection, and whether plain keys are in memory. */
export function Header({ status, isUnread, onPalette, onLock, lockFailure }: HeaderProps): ReactNode {
  const { data } = useQuery({ ...queries.outage(), enabled: isUnread });
  const outage = isUnread ? data : undefined;
  return (
    <header className="header">
      <ProfileSwitcher current={status?.profile.name ?? outage?.profile} />
      {outage === undefined || outage.database === null ? null : (
        <span className="header-part header-database">
          {DATABASES[outage.database.kind]} <span className="mono header-file">{shortLocation(outage.database)}</span>
        </span>
      )}
      {status === undefined ? null : (
        <>
          {status.profile.production ? <strong className="production-word">Production</strong> : null}
          {status.profile.fips ? <span className="header-part">FIPS</span> : null}
          <span className="header-part header-database" title={databaseTitle(status.database)}>
            {DATABASES[status.database.kind]} <span className="mono header-file">{shortLocation(status.database)}</span>
            {status.database.localDataCenter === null ? null : <span className="header-file"> · {status.database.localDataCenter}</span>}
          </span>
          <Protection status={status} />
        </>
      )}
      <span className="spring" />
      <button type="button" className="palette-field" onClick={onPalette}>
        <span>activatekey, key, page…</span>
        <Keys keys={[MOD, 'K']} />
      </button>
      {status !== undefined && status.jobsRunning > 0 ? (
        <Link to="/" className="header-part header-jobs">
          <Shape name="ring" /> {counted(status.jobsRunning, 'job')}
        </Link>
      ) : null}
      <div className="header-lock">
        <StateBadge state={status?.state ?? (isUnread ? 'failed' : 'starting')} word={isUnread ? 'No answer' : STATE_WORDS[status?.state ?? 'starting']} />
        <Button variant="default" disabled={status?.state !== 'live' && status?.state !== 'starting' && outage?.opened !== true} onClick={onLock} title={lockFailure?.message ?? `Zeroes the plain keys (${MOD}+Shift+L)`}>
          Lock
        </Button>
      </div>
    </header>
  );
}

const DATABASES = { sqlite: 'SQLite', cassandra: 'Cassandra' } as const;

const STATE_WORDS: Readonly<Record<Status['state'], string>> = { starting: 'Starting', locked: 'Locked', live: 'Unlocked', failed: 'Failed' };

function Protection({ status }: { status: Status }): ReactNode {
  const { kind, location, entries } = status.protection;
  if (kind === 'internal') {
    return (
      <Link to="/settings" className="header-part" title="The protection key lies beside the data. The KeyStore can be turned on in the settings.">
        <span className="header-warn">
          <Shape name="diamond" />
        </span>{' '}
        Internal protection
      </Link>
    );
  }
  const state = status.state === 'locked' ? 'KeyStore locked' : entries === null ? 'KeyStore' : `KeyStore, ${counted(entries, 'entry', 'entries')}`;
  return (
    <span className="header-part" title={location ?? ''}>
      <Shape name={status.state === 'locked' ? 'square' : 'disc'} /> {state}
    </span>
  );
}

function ProfileSwitcher({ current = '' }: { current: string | undefined }): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const profiles = useQuery(queries.profiles());
  const select = useMutation({
    mutationFn: (name: string) => ask((c) => c.profiles.select({ name })),
    onSettled: () => client.invalidateQueries(),
  });
  const names = profiles.data?.profiles.map((profile) => profile.name) ?? [];
  return (
    <label className="profile">
      <span className="hidden-text">Profile</span>
      <select
        value={current}
        disabled={select.isPending || current === ''}
        onChange={(event) => {
          const name = event.currentTarget.value;
          if (name === NEW_PROFILE) void navigate({ to: '/settings' });
          else if (profiles.data?.profiles.find((profile) => profile.name === name)?.needsPassword === true) void navigate({ to: '/settings', search: { open: name } });
          else select.mutate(name);
        }}
      >
        {(names.includes(current) ? names : [current, ...names]).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
        <option value={NEW_PROFILE}>New profile…</option>
      </select>
    </label>
  );
}

function databaseTitle({ location, schemaVersion, localDataCenter }: Status['database']): string {
  return `${location}, ${localDataCenter === null ? '' : `local data centre ${localDataCenter}, `}schema version ${schemaVersion}`;
}

/** The name of the file, or the first contact point and how many more there are. */
function shortLocation({ kind, location }: { kind: Status['database']['kind']; location: string }): string {
  if (kind === 'sqlite') return middle(location.split(/[\\/]/).at(-1) ?? location, 24);
  const [first = '', ...others] = location.split(', ');
  return `${middle(first.replace(/:9042$/, ''), 24)}${others.length === 0 ? '' : ` +${others.length}`}`;
}
