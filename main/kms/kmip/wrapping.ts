import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { MASTER_KEY_BYTES, type WrappedKey } from '../provider.ts';
import { wrappingMalformed } from '../stored.ts';
import { CONTEXT_FORM } from './context.ts';
import type { Sealed } from './operations/encrypt.ts';
import { IV_BYTES, TAG_BYTES } from './operations/gcm.ts';
import { type ServerAddress, addressText, readAddress } from './server-address.ts';
import type { KmipVersion } from './version.ts';

/** A master key as a KMIP server wrapped it. */
export interface KmipWrapped extends Sealed {
  readonly uniqueIdentifier: string;
  readonly address: ServerAddress;
  readonly iv: Uint8Array;
}

/** What is stored: IV and tag beside the key's identifier and the server, and the ciphertext in the stripes. */
export function toWrapped({ uniqueIdentifier, address, iv, tag, ciphertext }: KmipWrapped, version: KmipVersion): WrappedKey {
  const location = addressText(address);
  const parameters = { context: CONTEXT_FORM, version, iv: hex(iv), tag: hex(tag) };
  return { provider: 'KMIP_KMS', keyId: uniqueIdentifier, keyVersion: null, location, parameters: { ...parameters, check: checkOf(uniqueIdentifier, location, parameters) }, bytes: ciphertext };
}

/** @throws AppError `KMS_WRAPPING_MALFORMED`; `KMS_CIPHERTEXT_REFUSED` for bytes that are no wrapped master key */
export function readWrapped(wrapped: WrappedKey): KmipWrapped {
  const { provider, keyId, location, parameters, bytes } = wrapped;
  if (provider !== 'KMIP_KMS') throw wrappingMalformed(`it was wrapped by ${provider} and not by KMIP_KMS`);
  if (parameters['context'] !== CONTEXT_FORM) throw wrappingMalformed('it is bound to a context in a form that this version does not know');
  const [iv, tag] = [readHex(parameters['iv'], IV_BYTES), readHex(parameters['tag'], TAG_BYTES)];
  if (iv === null) throw wrappingMalformed(`its IV has not ${IV_BYTES} bytes`);
  if (tag === null) throw wrappingMalformed(`its authentication tag has not ${TAG_BYTES} bytes`);
  const address = readAddress(location);
  if (address === null) throw wrappingMalformed('its server is not stored as host and port');
  // KMIP leaves the form of identifiers to the server: only this tells that one was exchanged for another.
  if (parameters['check'] !== checkOf(keyId, location, parameters)) throw wrappingMalformed('its key, server, IV or tag was changed after it was stored');
  if (bytes.length !== MASTER_KEY_BYTES) throw ciphertextLength(bytes.length);
  return { uniqueIdentifier: keyId, address, iv, tag, ciphertext: bytes };
}

/** Finds mix-ups, not forgers: those meet the tag. */
function checkOf(keyId: string, location: string, { context, version, iv, tag }: Readonly<Record<string, string>>): string {
  return createHash('sha256').update(JSON.stringify([keyId, location, context, version, iv, tag])).digest('hex').slice(0, 16);
}

function ciphertextLength(length: number): AppError {
  return new AppError(
    'KMS_CIPHERTEXT_REFUSED',
    `A wrapped master key has ${MASTER_KEY_BYTES} bytes under KMIP, and this one has ${length}. No KMS was asked, and nothing was changed.`,
    'Restore the stripes of this generation (k2auth.stripe_key_storage) from a backup of the system database.',
    { details: { length } },
  );
}

function readHex(text: string | undefined, length: number): Uint8Array | null {
  return text !== undefined && new RegExp(`^[0-9a-f]{${length * 2}}$`).test(text) ? Buffer.from(text, 'hex') : null;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
