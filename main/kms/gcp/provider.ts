import { AppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import type { KmsActs } from '../acts.ts';
import type { EndpointSurroundings, KmsEndpointState } from '../endpoint.ts';
import { type KmsContext, type KmsProvider, MASTER_KEY_BYTES, type WrappedKey } from '../provider.ts';
import { wrappingMalformed } from '../stored.ts';
import { gcpActs } from './acts.ts';
import { LONGEST_CIPHERTEXT, readEncrypted, takePlain } from './answers.ts';
import { authenticatedData, CONTEXT_FORM } from './authenticated-data.ts';
import { crc32c } from './crc32c.ts';
import { factsOf, type GcpRequest } from './errors.ts';
import { configuredKey, type KeyName, type KeyParts, readStoredName } from './key-name.ts';
import { type GcpConnection, GcpServer } from './server.ts';
import { tell, TOLD } from './told.ts';

export type { GcpConnection } from './server.ts';

/** PROJECT_ID, LOCATION_ID, KEY_RING_ID and KEY_ID of config.ini; all null where only old generations are to be unwrapped. */
export interface GcpKmsSettings extends GcpConnection, KeyParts {}

/**
 * `GCP_KMS`: Encrypt and Decrypt wrap and unwrap a master key that `Java_AES` made, bound to its context by additional
 * authenticated data and guarded by CRC-32C both ways. Cloud KMS makes no data keys.
 */
export class GcpKms implements KmsProvider {
  readonly name = 'GCP_KMS';
  readonly acts: KmsActs;
  readonly #server: GcpServer;
  readonly #parts: KeyParts;

  constructor(settings: GcpKmsSettings, surroundings: EndpointSurroundings = {}) {
    this.#server = new GcpServer(settings, surroundings);
    this.#parts = settings;
    this.acts = gcpActs(this.#server, settings);
  }

  async wrap(plain: SecretBytes, context: KmsContext): Promise<WrappedKey> {
    if (plain.length !== MASTER_KEY_BYTES) {
      throw new AppError('INPUT_INVALID', `A master key has ${MASTER_KEY_BYTES} bytes, and this one has ${plain.length}. No KMS was asked.`, 'Wrap master keys alone.');
    }
    const additionalAuthenticatedData = authenticatedData(context);
    const key = configuredKey(this.#parts);
    const request: GcpRequest = { operation: 'Encrypt', location: key.location, keyId: key.name };
    return this.#server.ask(request, async (kms, settings) => {
      const plaintext = plain.use((bytes) => Uint8Array.from(bytes));
      try {
        const sent = {
          name: key.name,
          plaintext,
          plaintextCrc32c: { value: crc32c(plaintext) },
          additionalAuthenticatedData,
          additionalAuthenticatedDataCrc32c: { value: crc32c(additionalAuthenticatedData) },
        };
        const [answer] = await kms.encrypt(sent, settings);
        const { bytes, version } = readEncrypted(answer, key, request);
        return { provider: 'GCP_KMS', keyId: key.name, keyVersion: version, location: key.location, parameters: { context: CONTEXT_FORM }, bytes } as const;
      } finally {
        plaintext.fill(0);
      }
    });
  }

  async unwrap(wrapped: WrappedKey, context: KmsContext): Promise<SecretBytes> {
    const additionalAuthenticatedData = authenticatedData(context);
    const key = readStored(wrapped);
    const request: GcpRequest = { operation: 'Decrypt', location: key.location, keyId: key.name };
    const ciphertext = wrapped.bytes;
    if (ciphertext.length === 0 || ciphertext.length > LONGEST_CIPHERTEXT) throw tell(TOLD.ciphertextRefused, factsOf(null, request));
    const sent = {
      name: key.name,
      ciphertext,
      ciphertextCrc32c: { value: crc32c(ciphertext) },
      additionalAuthenticatedData,
      additionalAuthenticatedDataCrc32c: { value: crc32c(additionalAuthenticatedData) },
    };
    return this.#server.ask<SecretBytes>({ ...request, discard: (late) => late.dispose() }, async (kms, settings) => {
      const [answer] = await kms.decrypt(sent, settings);
      return takePlain(answer, request);
    });
  }

  endpoints(): readonly KmsEndpointState[] {
    return this.#server.states;
  }

  close(): void {
    this.#server.close();
  }
}

function readStored(wrapped: WrappedKey): KeyName {
  if (wrapped.provider !== 'GCP_KMS') throw wrappingMalformed(`it was wrapped by ${wrapped.provider} and not by GCP_KMS`);
  if (wrapped.parameters['context'] !== CONTEXT_FORM) throw wrappingMalformed('it is bound to a context in a form that this version does not know');
  const key = readStoredName(wrapped.keyId);
  if (key.location !== wrapped.location) throw wrappingMalformed('its location is not that of its key');
  return key;
}
