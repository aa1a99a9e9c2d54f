import { CreateAliasCommand, CreateKeyCommand, type CreateKeyCommandInput, KMSClient } from '@aws-sdk/client-kms';
import { AwsKms, type AwsKmsSettings } from '../../../main/kms/aws/provider.ts';
import type { OpenedKms } from '../../conformance/kms-subject.ts';

export const REGION = 'eu-west-1';
/** Twelve digits, which LocalStack takes for the account; the secret is looked for in what must not show it. */
export const CREDENTIALS = { accessKeyId: '111122223333', secretAccessKey: 'known-secret-of-the-tests' } as const;

/** Short limits: the tests wait for them. */
export const LIMITS = { timeoutMs: 1_500, backoffMs: 1, longestBackoffMs: 5 } as const;

/** A provider as config.ini would make it, that asks whatever AWS_ENDPOINT_URL_KMS names now. */
export function awsKms(keyId: string | null, settings: Partial<AwsKmsSettings> = {}): AwsKms {
  return new AwsKms({ region: REGION, keyId, credentials: () => Promise.resolve(CREDENTIALS), quotaShare: 1, ...settings });
}

/** The bare SDK, for what the console does not do. */
export function bareClient(endpoint: string, region = REGION): KMSClient {
  return new KMSClient({ endpoint, region, credentials: CREDENTIALS });
}

/** A new key's ARN. */
export async function createKey(endpoint: string, input: CreateKeyCommandInput = {}, region = REGION): Promise<string> {
  const client = bareClient(endpoint, region);
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand(input));
    if (KeyMetadata?.Arn === undefined) throw new Error('The server made no key.');
    return KeyMetadata.Arn;
  } finally {
    client.destroy();
  }
}

export async function createAlias(endpoint: string, name: string, keyId: string): Promise<void> {
  const client = bareClient(endpoint);
  await client.send(new CreateAliasCommand({ AliasName: name, TargetKeyId: keyId }));
  client.destroy();
}

/** What the conformance suite works on, at the server that AWS_ENDPOINT_URL_KMS names. */
export async function openAws(endpoint: string): Promise<OpenedKms> {
  const provider = awsKms(await createKey(endpoint));
  return {
    provider,
    another: async () => awsKms(await createKey(endpoint)),
    missing: () => awsKms('00000000-0000-4000-8000-000000000000'),
    // The access key ID is the account here, and so part of each ARN.
    secrets: [CREDENTIALS.secretAccessKey],
    close: () => Promise.resolve(provider.close()),
  };
}
