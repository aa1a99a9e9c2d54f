import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import type { CassandraInput, ConnectionStep } from '../../../app/contract/settings.ts';
import { asFailure, ask } from '../../api.ts';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { FileField } from '../../ui/FileField.tsx';
import { Dialog } from '../../ui/Sheet.tsx';
import { Shape } from '../../ui/Shape.tsx';
import { clusterInput, EMPTY_CLUSTER, replicationMistake, type ClusterFields } from './cluster-fields.ts';
import { Switch } from './Switch.tsx';

/** A profile on a SQLite file or on a Cassandra cluster, which can be tried before it is made. */
export function NewProfile({ onClose }: { onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const [kind, setKind] = useState<'sqlite' | 'cassandra'>('sqlite');
  const [name, setName] = useState('');
  const [sqlite, setSqlite] = useState('');
  const [cluster, setCluster] = useState<ClusterFields>(EMPTY_CLUSTER);
  const [production, setProduction] = useState(false);
  const [fips, setFips] = useState(false);
  const cassandra = kind === 'cassandra' ? clusterInput(cluster) : null;
  const create = useMutation({
    mutationFn: () => ask((c) => c.profiles.create({ name, sqlite: kind === 'sqlite' ? sqlite : null, cassandra, fips, production })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['profiles'] });
      onClose();
    },
  });
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate();
  };
  const ready = kind === 'sqlite' ? sqlite !== '' : cassandra !== null;
  return (
    <Dialog title="New profile" onClose={onClose} wide>
      <form className="sheet-form" onSubmit={submit}>
        <div className="passwords">
          <TextInput label="Name" value={name} maxLength={64} onChange={(event) => setName(event.currentTarget.value)} autoFocus spellCheck={false} autoComplete="off" />
          <fieldset className="themes">
            <legend>System database</legend>
            {(['sqlite', 'cassandra'] as const).map((each) => (
              <label key={each}>
                <input type="radio" name="database" checked={kind === each} onChange={() => setKind(each)} />
                {each === 'sqlite' ? 'SQLite, on this machine' : 'Cassandra, a cluster'}
              </label>
            ))}
          </fieldset>
        </div>
        {kind === 'sqlite' ? (
          <FileField label="SQLite file" description="An existing file, or the place of a new one" purpose="database" value={sqlite} onChange={setSqlite} />
        ) : (
          <ClusterForm fields={cluster} onChange={setCluster} />
        )}
        <Switch label="Production" detail="The frame carries its colour, and dangerous acts ask for the profile's name." checked={production} onChange={setProduction} />
        <Switch label="FIPS" detail="Only approved algorithms: instance keys by HMAC-SHA-512/256. It can not be changed afterwards." checked={fips} onChange={setFips} />
        <p className="quiet">The KeyStore is turned on afterwards, in the new profile's own settings.</p>
        {create.error === null ? null : <FailurePanel failure={asFailure(create.error)} />}
        <div className="dialog-acts dialog-acts-stay">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={name === '' || !ready} loading={create.isPending}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function ClusterForm({ fields, onChange }: { fields: ClusterFields; onChange: (fields: ClusterFields) => void }): ReactNode {
  const [password, setPassword] = useState('');
  const cassandra = clusterInput(fields);
  const asksPassword = fields.user !== '' && fields.passwordFile === '';
  const test = useMutation({
    mutationFn: (tried: CassandraInput) => ask((c) => c.profiles.test({ cassandra: tried, ...(asksPassword && password !== '' ? { password } : {}) })),
    gcTime: 0,
  });
  const text = (name: keyof ClusterFields, label: string, description: string, error?: string): ReactNode => (
    <TextInput
      label={label}
      description={description}
      value={fields[name]}
      error={error}
      onChange={(event) => onChange({ ...fields, [name]: event.currentTarget.value })}
      spellCheck={false}
      autoComplete="off"
    />
  );
  return (
    <>
      <div className="cluster-fields">
        <div className="cluster-wide">{text('contactPoints', 'Contact points', 'host or host:port, more with commas')}</div>
        {text('localDataCenter', 'Data centre nearest to here', 'empty: found from the contact point')}
        <div className="cluster-wide">{text('replication', 'Replication of keyspaces that are made', 'a factor, or one for each data centre: dc1:3, dc2:3', replicationMistake(fields.replication))}</div>
        {text('clusterId', 'cluster_id', 'ends the keyspaces’ names; usually empty')}
        {text('user', 'User', 'empty: the cluster asks for none')}
        {text('passwordFile', "File with the user's password", 'its first line; empty: the console asks')}
        <PasswordInput
          label="Password, for the test only"
          description={asksPassword ? 'it is not kept' : fields.user === '' ? 'of the user' : 'read from the file'}
          disabled={!asksPassword}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="off"
        />
        {text('ca', 'TLS: authority', 'PEM file; empty: not encrypted')}
        {text('cert', 'TLS: client certificate', 'PEM file; where the cluster demands one')}
        {text('key', 'TLS: its private key', 'PEM file')}
      </div>
      <div>
        <Button variant="default" loading={test.isPending} disabled={cassandra === null} onClick={() => (cassandra === null ? undefined : test.mutate(cassandra))}>
          Test connection
        </Button>
      </div>
      {test.error === null ? null : <FailurePanel failure={asFailure(test.error)} />}
      {test.data === undefined ? null : <Steps steps={test.data.steps} />}
    </>
  );
}

const STEP_WORDS: Readonly<Record<ConnectionStep['step'], string>> = {
  resolve: 'Resolve',
  connect: 'Connect',
  tls: 'TLS',
  'log-in': 'Log in',
  'data-centre': 'Data centre',
  permissions: 'Permissions',
  tables: 'Tables',
};

/** How far the connection came: what works, and the first thing that does not. */
function Steps({ steps }: { steps: readonly ConnectionStep[] }): ReactNode {
  const failure = steps.find((step) => step.failure !== null)?.failure ?? null;
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [steps]);
  return (
    <div role="status" className="connection" ref={end}>
      <ol className="connection-steps" aria-label="Steps of the connection">
        {steps.map(({ step, ok, detail }) => (
          <li key={step}>
            <span className={ok ? 'state-ok' : 'state-alarm'}>
              <Shape name={ok ? 'check' : 'cross'} />
              <span className="hidden-text">{ok ? 'works:' : 'fails:'}</span>
            </span>
            <strong>{STEP_WORDS[step]}</strong>
            {failure !== null && !ok ? null : <span className="quiet">{detail}</span>}
          </li>
        ))}
      </ol>
      {failure === null ? null : <FailurePanel failure={failure} live={false} />}
    </div>
  );
}
