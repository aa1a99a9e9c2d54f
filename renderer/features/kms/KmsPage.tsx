import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, type ReactNode } from 'react';
import type { KmsKeyView, KmsOverviewView, KmsTestView } from '../../../app/contract/kms.ts';
import { asFailure, ask, queries } from '../../api.ts';
import { figure } from '../../format.ts';
import { Answered } from '../../ui/Answered.tsx';
import { censusAge } from '../../ui/census-age.ts';
import { useNow } from '../../ui/clock.ts';
import { DataTable, type TableColumn } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { FailurePanel } from '../../ui/FailurePanel.tsx';
import { Section } from '../../ui/Section.tsx';
import { Sentence } from '../../ui/Sentence.tsx';
import { usePageKeys, usePlainKeys, type PageKey } from '../frame/page-keys.ts';
import { Credentials } from './Credentials.tsx';
import { KmsKeyPanel } from './KmsKeyPanel.tsx';
import { ProviderTable } from './ProviderTable.tsx';
import { kmsSentence } from './sentence.ts';
import { TestResult } from './TestResult.tsx';
import { KeyState, rotationWords } from './words.tsx';
import './kms.css';

const KEYS: readonly PageKey[] = [{ keys: ['t'], does: 'Test each KMS' }];

const COLUMNS: readonly TableColumn<KmsKeyView>[] = [
  { id: 'key', header: 'KMS key', value: (key) => key.keyId, cell: (key) => <KeyName {...key} />, width: 'minmax(180px, 3fr)' },
  { id: 'state', header: 'State', value: (key) => key.state ?? key.whyNot?.code ?? '', cell: (key) => <KeyState {...key} />, width: '128px' },
  { id: 'generations', header: 'Generations', value: (key) => key.generations, cell: (key) => figure(key.generations), width: '92px', numeric: true, yields: 7 },
  { id: 'instances', header: 'Instances', value: (key) => key.instances, cell: (key) => figure(key.instances), width: '88px', numeric: true },
  { id: 'nodes', header: 'Nodes', value: (key) => key.nodes.length, width: '58px', numeric: true, yields: 4 },
  { id: 'aliases', header: 'Aliases', value: (key) => (key.aliases ?? []).map((alias) => alias.replace('alias/', '')).join(', '), width: 'minmax(80px, 1fr)', yields: 5 },
  { id: 'versions', header: 'Versions', value: (key) => key.versions, cell: (key) => (key.versions === null ? '' : figure(key.versions)), width: '70px', numeric: true, yields: 2 },
  { id: 'rotation', header: 'Rotation', value: (key) => rotationWords(key.rotation), width: '96px', yields: 3 },
  { id: 'location', header: 'Region', value: (key) => `${key.location ?? ''}${key.multiRegion ? ', multi-Region' : ''}`, width: 'minmax(100px, 1fr)', yields: 6 },
  { id: 'provider', header: 'Provider', value: (key) => key.provider, cell: (key) => key.provider.replace('_KMS', ''), width: '70px', yields: 1 },
  { id: 'note', header: 'Note at the KMS', value: (key) => key.note, width: 'minmax(120px, 1fr)', hidden: true },
];

const keyOf = (key: Pick<KmsKeyView, 'provider' | 'keyId'>): string => `${key.provider} ${key.keyId}`;

/** Do the KMSs answer, and what depends on each of their keys? */
export function KmsPage(): ReactNode {
  const kms = useQuery(queries.kms());
  const { provider, key } = useParams({ strict: false });
  const navigate = useNavigate();
  const close = useCallback(() => void navigate({ to: '/kms' }), [navigate]);
  const chosen = provider === undefined || key === undefined ? null : { provider: provider as KmsKeyView['provider'], keyId: key };
  return (
    <div className="page page-fixed with-panel kms">
      <Answered query={kms} what="Asking the key management services">
        {(overview) => (
          <>
            <div className="beside-panel">
              <Overview overview={overview} selected={chosen === null ? undefined : keyOf(chosen)} />
            </div>
            {chosen === null ? null : <KmsKeyPanel key={keyOf(chosen)} of={chosen} onClose={close} />}
          </>
        )}
      </Answered>
    </div>
  );
}

function Overview({ overview, selected }: { overview: KmsOverviewView; selected: string | undefined }): ReactNode {
  const now = useNow();
  const navigate = useNavigate();
  const client = useQueryClient();
  const test = useMutation({ mutationFn: () => ask((c) => c.kms.test({})), onSettled: () => client.invalidateQueries({ queryKey: ['kms'] }) });
  const configured = overview.providers.some((provider) => provider.configured !== null);
  const begin = (): void => {
    if (configured && !test.isPending) test.mutate();
  };
  usePageKeys(KEYS);
  usePlainKeys({ t: begin });
  const failures = overview.providers.flatMap(({ provider, failure, listing }) => [...(failure === null ? [] : [{ ...failure, id: `${provider} failure` }]), ...(listing === null || failure !== null ? [] : [{ ...listing, id: `${provider} listing`, message: `The keys of ${provider} can not be listed: those that generations and config.ini name are shown all the same. ${listing.message}` }])]);
  return (
    <>
      <Sentence {...kmsSentence(overview, now)}>
        {configured ? (
          <>
            <Button variant="default" onClick={() => void navigate({ to: '/kms/replace' })}>
              Replace a key…
            </Button>
            <Button onClick={begin} loading={test.isPending}>
              Test each KMS
            </Button>
          </>
        ) : undefined}
      </Sentence>
      {overview.providers.length === 0 ? (
        <>
          <EmptyState title="No KMS is used">
            <p>
              Name a KMS key for every node on the page <Link to="/configuration">Configuration</Link>: <code>REGION</code> and <code>CUSTOMER_KEY_ID</code> for AWS, or the parameters of GCP or KMIP. Test it here, then <Link to="/activate">activate</Link> a master key with that generator and store. Until then the KeyStore, or the platform itself, protects the master keys.
            </p>
          </EmptyState>
          <Credentials overview={overview} />
        </>
      ) : (
        <>
          {failures.map((failure) => (
            <FailurePanel key={failure.id} failure={failure} live={false} />
          ))}
          <Tests tests={test.data?.tests} error={test.error} onClose={() => test.reset()} />
          <Section title="Key management services">
            <ProviderTable providers={overview.providers} />
          </Section>
          <Credentials overview={overview} />
          <DataTable
            label="KMS keys"
            columns={COLUMNS}
            rows={overview.keys}
            rowKey={keyOf}
            onOpen={(key) => void navigate({ to: '/kms/$provider/$key', params: { provider: key.provider, key: key.keyId } })}
            selected={selected}
            exportAs="kms-keys"
            sortedBy={{ id: 'instances', desc: true }}
            tools={<span className="quiet">{overview.asking ? 'asking …' : `dependents ${censusAge(overview.census, now)}`}</span>}
            empty={<p>No KMS key is known yet.</p>}
          />
        </>
      )}
    </>
  );
}

/** The part of a key's name that tells it from others; the whole stands in its title. */
function KeyName({ name, keyId }: KmsKeyView): ReactNode {
  return (
    <code className="identifier" title={keyId}>
      <span className="identifier-head identifier-whole">{name}</span>
    </code>
  );
}

function Tests({ tests, error, onClose }: { tests: readonly KmsTestView[] | undefined; error: unknown; onClose: () => void }): ReactNode {
  if (error !== null) return <FailurePanel failure={asFailure(error)} />;
  return tests === undefined ? null : <TestResult tests={tests} onClose={onClose} />;
}
