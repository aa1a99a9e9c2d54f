import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import { kmsProvider } from '../../../app/contract/kms-provider.ts';
import type { ReplacementRequest } from '../../../app/contract/kms-replace.ts';

type Provider = ReplacementRequest['provider'];

const PROVIDERS = kmsProvider.options.map((value) => ({ value, label: value }));

const WORDS: Readonly<Record<Provider, { readonly key: string; readonly region: string; readonly regionHint: string }>> = {
  AWS_KMS: { key: 'its ID, ARN or alias (alias/…)', region: 'Region', regionHint: 'empty: each node keeps its own' },
  GCP_KMS: { key: 'projects/…/cryptoKeys/…, or its name in the configured key ring', region: 'Location', regionHint: 'empty: each node keeps its own, or as the whole name says' },
  KMIP_KMS: { key: 'its unique identifier at the server', region: 'Server', regionHint: 'host:port; empty: each node keeps its own' },
};

interface ReplaceFormProps {
  readonly provider: Provider;
  readonly busy: boolean;
  readonly onTry: (request: ReplacementRequest) => void;
}

/** Which key takes over. */
export function ReplaceForm({ provider: first, busy, onTry }: ReplaceFormProps): ReactNode {
  const [provider, setProvider] = useState(first);
  const [keyId, setKeyId] = useState('');
  const [region, setRegion] = useState('');
  const words = WORDS[provider];
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (keyId.trim() !== '' && !busy) onTry({ provider, keyId: keyId.trim(), ...(region.trim() === '' ? {} : { region: region.trim() }) });
  };
  return (
    <form className="replace-form" onSubmit={submit}>
      <NativeSelect label="Provider" description="of the new key" data={[...PROVIDERS]} value={provider} onChange={(event) => setProvider(event.currentTarget.value as Provider)} />
      <TextInput label="New key" description={words.key} value={keyId} maxLength={2048} onChange={(event) => setKeyId(event.currentTarget.value)} spellCheck={false} autoComplete="off" autoFocus />
      <TextInput label={words.region} description={words.regionHint} value={region} maxLength={256} onChange={(event) => setRegion(event.currentTarget.value)} spellCheck={false} autoComplete="off" />
      <Button type="submit" variant="default" disabled={keyId.trim() === ''} loading={busy}>
        Try this key
      </Button>
    </form>
  );
}
