import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { AwsCredentialsView, KmsKeyView } from '../../../app/contract/kms.ts';
import { asFailure, ask } from '../../api.ts';
import { counted } from '../../format.ts';
import { Sheet } from '../../ui/Sheet.tsx';

/** Consequences before what was given is forgotten. */
export function ForgetCredentials({ credentials, keys, onClose }: { credentials: AwsCredentialsView; keys: readonly KmsKeyView[]; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const forget = useMutation({
    mutationFn: () => ask((c) => c.kms.forgetCredentials()),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['kms'] }),
  });
  const aws = keys.filter(({ provider }) => provider === 'AWS_KMS');
  const sum = (of: (key: KmsKeyView) => number): number => aws.reduce((total, key) => total + of(key), 0);
  return (
    <Sheet
      title="Forget the credentials for AWS"
      happens={
        <p>
          {credentials.kept === 'keychain' ? 'Their sealed file is removed.' : 'They are zeroed in memory, and where a sealed file of this profile lies, it is removed.'} AWS is then asked with {credentials.source === 'config' ? 'config.ini’s own, as it is now' : 'what config.ini or the SDK’s own chain gives'}.
        </p>
      }
      touches={
        <p>
          {counted(sum(({ generations }) => generations), 'generation')} and {counted(sum(({ instances }) => instances), 'instance')} are under keys of AWS. This process goes on with the keys that it holds; what starts later asks AWS with what is left. At AWS nothing changes.
        </p>
      }
      back={<p>Give them again. To make them useless, deactivate the access key at AWS.</p>}
      act="Forget"
      busy={forget.isPending}
      failure={forget.error === null ? null : asFailure(forget.error)}
      onAct={() => forget.mutate()}
      onClose={onClose}
    />
  );
}
