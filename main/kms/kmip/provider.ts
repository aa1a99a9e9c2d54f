import { randomBytes } from 'node:crypto';
import { AppError, isAppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import type { KmsActs } from '../acts.ts';
import type { EndpointSurroundings, KmsEndpointState } from '../endpoint.ts';
import { type KmsContext, type KmsProvider, MASTER_KEY_BYTES, type WrappedKey } from '../provider.ts';
import { kmipActs } from './acts.ts';
import { additionalData } from './context.ts';
import { KmipKeys, withState } from './keys.ts';
import { decrypt } from './operations/decrypt.ts';
import { encrypt } from './operations/encrypt.ts';
import { IV_BYTES } from './operations/gcm.ts';
import { type ServerAddress, addressText, serverAddress } from './server-address.ts';
import { type KmipConnectionSettings, KmipServer } from './server.ts';
import { atLeast } from './version.ts';
import { type KmipWrapped, readWrapped, toWrapped } from './wrapping.ts';

export type { KmipCredentials, KmipTls } from './credentials.ts';

export interface KmipKmsSettings extends KmipConnectionSettings {
  /** BASE_URL_TEMPLATE: `kmip://host:5696`, the port may be left out. */
  readonly baseUrl: string;
  /** PARTITION: takes the place of `{partition}` in `baseUrl`, and is used for nothing else. */
  readonly partition: string | null;
  /** KEY_ID: the key's unique identifier; null where only old generations are to be unwrapped. */
  readonly keyId: string | null;
}

/** Troubles of one server: another that has the same keys can be asked. */
const ELSEWHERE = ['KMS_KEY_NOT_FOUND', 'KMS_UNREACHABLE', 'KMS_TIMEOUT', 'KMS_TLS_UNTRUSTED', 'KMS_TLS_REFUSED', 'KMS_FAILED', 'KMS_CIRCUIT_OPEN'] as const;

/**
 * `KMIP_KMS`: wraps and unwraps master keys with a key that never leaves its server, by Encrypt and Decrypt (AES-GCM),
 * each bound to its context. It generates none: `Java_AES` does.
 */
export class KmipKms implements KmsProvider {
  readonly name = 'KMIP_KMS';
  readonly #settings: KmipKmsSettings;
  readonly #surroundings: EndpointSurroundings;
  readonly #servers = new Map<string, KmipServer>();
  readonly #server: KmipServer;
  readonly #keys: KmipKeys;

  /** @throws AppError `PROVIDER_NOT_CONFIGURED` for a `baseUrl` that names no server */
  constructor(settings: KmipKmsSettings, surroundings: EndpointSurroundings = {}) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#server = this.#serverAt(serverAddress(settings.baseUrl, settings.partition));
    this.#keys = new KmipKeys(this.#server, settings.keyId);
  }

  /** Re-key is among them as soon as the server was asked for anything and said that it has it. */
  get acts(): KmsActs {
    return kmipActs(this.#server, this.#keys);
  }

  async wrap(plain: SecretBytes, context: KmsContext): Promise<WrappedKey> {
    if (plain.length !== MASTER_KEY_BYTES) {
      throw new AppError('INPUT_INVALID', `A master key has ${MASTER_KEY_BYTES} bytes, and this one has ${plain.length}. No KMS was asked.`, 'Wrap master keys alone.');
    }
    const bound = additionalData(context);
    const { version } = await demandBinding(this.#server);
    const uniqueIdentifier = await this.#keys.current();
    const iv = randomBytes(IV_BYTES);
    try {
      const sealed = await this.#server.ask(encrypt, { uniqueIdentifier, plain, iv, additionalData: bound }, { keyId: uniqueIdentifier });
      return toWrapped({ ...sealed, uniqueIdentifier, iv, address: this.#server.address }, version);
    } catch (error) {
      this.#keys.forget();
      throw await withState(error, this.#keys, uniqueIdentifier);
    }
  }

  async unwrap(wrapped: WrappedKey, context: KmsContext): Promise<SecretBytes> {
    const bound = additionalData(context);
    const stored = readWrapped(wrapped);
    const server = this.#serverAt(stored.address);
    if (server === this.#server) return this.#decrypt(server, stored, bound);
    try {
      return await this.#decrypt(server, stored, bound);
    } catch (error) {
      if (!ELSEWHERE.some((code) => isAppError(error, code))) throw error;
      // The servers may have moved to another name, with their keys. A wrong key would not open it.
      return this.#decrypt(this.#server, stored, bound).catch((second: unknown) => {
        throw isAppError(second, 'KMS_CIPHERTEXT_REFUSED') || isAppError(second, 'KMS_KEY_NOT_FOUND') ? error : second;
      });
    }
  }

  endpoints(): readonly KmsEndpointState[] {
    return [...this.#servers.values()].map(({ state }) => state).filter(({ requests }) => requests > 0);
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
  }

  async #decrypt(server: KmipServer, stored: KmipWrapped, bound: Uint8Array): Promise<SecretBytes> {
    const keyId = stored.uniqueIdentifier;
    await demandBinding(server);
    try {
      return await server.ask(decrypt, { ...stored, additionalData: bound }, { keyId, discard: (late) => late.dispose() });
    } catch (error) {
      throw await withState(error, new KmipKeys(server, null), keyId);
    }
  }

  #serverAt(address: ServerAddress): KmipServer {
    const text = addressText(address);
    const known = this.#servers.get(text);
    if (known !== undefined) return known;
    const made = new KmipServer(address, this.#settings, this.#surroundings);
    this.#servers.set(text, made);
    return made;
  }
}

/** Additional authenticated data came with KMIP 1.4: without it a wrapped key could be put in the place of another. */
async function demandBinding(server: KmipServer): Promise<{ version: Awaited<ReturnType<KmipServer['greeting']>>['version'] }> {
  const greeting = await server.greeting();
  if (atLeast(greeting.version, '1.4')) return greeting;
  throw new AppError(
    'KMS_ACT_UNSUPPORTED',
    `The KMIP server ${addressText(server.address)} speaks KMIP ${greeting.version}, and binding a wrapped key to its name, key description and cluster needs 1.4. No key was sent, and nothing was changed.`,
    'Turn on KMIP 1.4 or newer at the server, or use another key management system.',
    { details: { provider: 'KMIP_KMS', version: greeting.version, needed: '1.4' } },
  );
}
