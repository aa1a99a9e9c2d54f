import { DecryptCommand, EncryptCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { AppError, isAppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import type { KmsActs } from '../acts.ts';
import type { EndpointSurroundings, KmsEndpointState } from '../endpoint.ts';
import { type GeneratedKey, type KmsContext, type KmsProvider, MASTER_KEY_BYTES, type WrappedKey } from '../provider.ts';
import { wrappingMalformed } from '../stored.ts';
import { awsActs } from './acts.ts';
import { LONGEST_CIPHERTEXT, readWrapped, takePlain, wipe } from './answers.ts';
import { CONTEXT_FORM, encryptionContext } from './encryption-context.ts';
import { type AwsRequest, awsError } from './errors.ts';
import { inRegion, isMultiRegion, type KeyArn, readStoredArn } from './key-reference.ts';
import { AwsKeys } from './keys.ts';
import { type AwsConnection, AwsRegions } from './regions.ts';

export type { AwsConnection, AwsCredentials } from './regions.ts';

export interface AwsKmsSettings extends AwsConnection {
  /** REGION of config.ini; null: the Region of the key's ARN, else the SDK's own (AWS_REGION, profile). */
  readonly region: string | null;
  /** CUSTOMER_KEY_ID: key ID, ARN, alias or alias ARN; null where only old generations are to be unwrapped. */
  readonly keyId: string | null;
}

/** Troubles of one Region: a multi-Region key can be asked in another. State and policy belong to each copy. */
const ELSEWHERE = [
  'KMS_KEY_NOT_FOUND',
  'KMS_KEY_DISABLED',
  'KMS_KEY_PENDING_DELETION',
  'KMS_KEY_PENDING_IMPORT',
  'KMS_KEY_MATERIAL_EXPIRED',
  'KMS_KEY_UNAVAILABLE',
  'KMS_PERMISSION_DENIED',
  'KMS_UNREACHABLE',
  'KMS_TIMEOUT',
  'KMS_FAILED',
  'KMS_CIRCUIT_OPEN',
] as const;

/**
 * `AWS_KMS`: GenerateDataKey makes a master key, Encrypt and Decrypt wrap and unwrap one, each bound to its encryption
 * context. The endpoint follows the SDK's own AWS_ENDPOINT_URL_KMS; plain text is taken only to this machine.
 */
export class AwsKms implements KmsProvider {
  readonly name = 'AWS_KMS';
  readonly acts: KmsActs;
  readonly #regions: AwsRegions;
  readonly #keys: AwsKeys;

  constructor(settings: AwsKmsSettings, surroundings: EndpointSurroundings = {}) {
    this.#regions = new AwsRegions(settings, surroundings);
    this.#keys = new AwsKeys(this.#regions, settings.region, settings.keyId);
    this.acts = awsActs(this.#regions, this.#keys);
  }

  async generate(context: KmsContext): Promise<GeneratedKey> {
    const EncryptionContext = encryptionContext(context);
    const key = await this.#keys.configured();
    const request: AwsRequest = { operation: 'GenerateDataKey', region: key.region, keyId: key.arn };
    const input = { KeyId: key.arn, NumberOfBytes: MASTER_KEY_BYTES, EncryptionContext };
    return this.#regions.ask<GeneratedKey>({ ...request, discard: ({ plain }) => plain.dispose() }, async (client, options) => {
      const answer = await client.send(new GenerateDataKeyCommand(input), options);
      try {
        const bytes = readWrapped(answer, key.arn, request);
        return { wrapped: wrappedKey(key, bytes, answer.KeyMaterialId ?? null), plain: takePlain(answer, key.arn, request) };
      } finally {
        wipe(answer);
      }
    });
  }

  async wrap(plain: SecretBytes, context: KmsContext): Promise<WrappedKey> {
    if (plain.length !== MASTER_KEY_BYTES) {
      throw new AppError('INPUT_INVALID', `A master key has ${MASTER_KEY_BYTES} bytes, and this one has ${plain.length}. No KMS was asked.`, 'Wrap master keys alone.');
    }
    const EncryptionContext = encryptionContext(context);
    const key = await this.#keys.configured();
    const request: AwsRequest = { operation: 'Encrypt', region: key.region, keyId: key.arn };
    return this.#regions.ask(request, async (client, options) => {
      const Plaintext = plain.use((bytes) => Uint8Array.from(bytes));
      try {
        const answer = await client.send(new EncryptCommand({ KeyId: key.arn, Plaintext, EncryptionContext }), options);
        return wrappedKey(key, readWrapped(answer, key.arn, request), null);
      } finally {
        Plaintext.fill(0);
      }
    });
  }

  async unwrap(wrapped: WrappedKey, context: KmsContext): Promise<SecretBytes> {
    const EncryptionContext = encryptionContext(context);
    const stored = readStored(wrapped);
    const places = await this.#placesOf(stored);
    for (const [place, key] of places.entries()) {
      try {
        return await this.#decrypt(key, wrapped.bytes, EncryptionContext);
      } catch (error) {
        const isElsewhere = ELSEWHERE.some((code) => isAppError(error, code));
        if (!isElsewhere || place === places.length - 1) throw error;
      }
    }
    throw wrappingMalformed('it names no place');
  }

  endpoints(): readonly KmsEndpointState[] {
    return this.#regions.states;
  }

  close(): void {
    this.#regions.close();
  }

  /** A multi-Region key is asked in the node's own Region first, and then where it was when it wrapped. */
  async #placesOf(stored: KeyArn): Promise<readonly KeyArn[]> {
    if (!isMultiRegion(stored)) return [stored];
    const home = await this.#keys.home(stored.region);
    return home === stored.region ? [stored] : [inRegion(stored, home), stored];
  }

  async #decrypt(key: KeyArn, bytes: Uint8Array, EncryptionContext: Record<string, string>): Promise<SecretBytes> {
    const request: AwsRequest = { operation: 'Decrypt', region: key.region, keyId: key.arn, opens: true };
    if (bytes.length === 0 || bytes.length > LONGEST_CIPHERTEXT) throw awsError(noCiphertext(), request);
    const input = { KeyId: key.arn, CiphertextBlob: bytes, EncryptionContext };
    return this.#regions.ask<SecretBytes>({ ...request, discard: (late) => late.dispose() }, async (client, options) =>
      takePlain(await client.send(new DecryptCommand(input), options), key.arn, request),
    );
  }
}

/** As AWS names it: its own limits keep such bytes from being asked about. */
function noCiphertext(): Error {
  return Object.assign(new Error(), { name: 'InvalidCiphertextException' });
}

function wrappedKey(key: KeyArn, bytes: Uint8Array, keyVersion: string | null): WrappedKey {
  return { provider: 'AWS_KMS', keyId: key.arn, keyVersion, location: key.region, parameters: { context: CONTEXT_FORM }, bytes };
}

function readStored(wrapped: WrappedKey): KeyArn {
  if (wrapped.provider !== 'AWS_KMS') throw wrappingMalformed(`it was wrapped by ${wrapped.provider} and not by AWS_KMS`);
  if (wrapped.parameters['context'] !== CONTEXT_FORM) throw wrappingMalformed('it is bound to a context in a form that this version does not know');
  const key = readStoredArn(wrapped.keyId);
  if (key.region !== wrapped.location) throw wrappingMalformed('its Region is not that of its key');
  return key;
}
