import { AppError, type ErrorCode, isAppError } from '../../errors.ts';
import type { AttributeKey, KeyAttributes } from './attributes.ts';
import { type KmipState, USAGE } from './enumerations.ts';
import { getAttributes } from './operations/get-attributes.ts';
import { addressText, notConfigured } from './server-address.ts';
import type { KmipServer } from './server.ts';

/** What tells whether a key can wrap, and which key took its place. */
const WANTED: readonly AttributeKey[] = ['objectType', 'algorithm', 'lengthBits', 'usageMask', 'state', 'link'];

/** Replacements in a row that are followed: more than anybody rotates, and an end for a circle. */
export const MOST_REPLACEMENTS = 1_000;
const LONGEST_ID = 1_024;

/** Finds out under which key to wrap. */
export class KmipKeys {
  readonly #server: KmipServer;
  readonly #keyId: string | null;
  #current: Promise<string> | null = null;

  constructor(server: KmipServer, keyId: string | null) {
    this.#server = server;
    this.#keyId = keyId;
  }

  /**
   * The key to wrap under: KEY_ID, or the newest active key that Re-key made in its place. Asked for once, until
   * {@link forget}.
   * @throws AppError `PROVIDER_NOT_CONFIGURED`, `KMS_KEY_ID_INVALID`, `KMS_KEY_UNSUITABLE`, and what the server says
   */
  async current(): Promise<string> {
    const current = (this.#current ??= this.#resolve());
    try {
      return await current;
    } catch (error) {
      if (this.#current === current) this.#current = null;
      throw error;
    }
  }

  /** The key was rotated, or refused: look again. */
  forget(): void {
    this.#current = null;
  }

  async attributes(uniqueIdentifier: string, keys?: readonly AttributeKey[]): Promise<KeyAttributes> {
    checkKeyId(uniqueIdentifier);
    return this.#server.ask(getAttributes, { uniqueIdentifier, ...(keys === undefined ? {} : { keys }) }, { keyId: uniqueIdentifier });
  }

  async #resolve(): Promise<string> {
    if (this.#keyId === null || this.#keyId === '') throw notConfigured('No KMIP key is configured to wrap master keys under', 'Set KEY_ID in [encryption_kmip_kms] to the unique identifier of the key.');
    checkKeyId(this.#keyId);
    const first = await this.#wrappingFacts(this.#keyId);
    if (first !== null && !canWrap(first)) throw this.#unsuitable(this.#keyId);
    let current = this.#keyId;
    const seen = new Set([current]);
    for (let next = first?.replacedBy; next !== undefined && !seen.has(next) && seen.size < MOST_REPLACEMENTS; ) {
      seen.add(next);
      const key = await this.#wrappingFacts(next);
      if (key === null || !canWrap(key)) break;
      if (key.state === 'Active') current = next;
      next = key.replacedBy;
    }
    return current;
  }

  /**
   * Null where the server does not tell: then the key itself refuses what it can not do, and a replacement that is gone
   * or not ours is left alone.
   */
  async #wrappingFacts(uniqueIdentifier: string): Promise<KeyAttributes | null> {
    try {
      return await this.attributes(uniqueIdentifier, WANTED);
    } catch (error) {
      const isHidden = isAppError(error, 'KMS_ACT_UNSUPPORTED') || isAppError(error, 'KMS_PERMISSION_DENIED');
      if (isHidden || (isAppError(error, 'KMS_KEY_NOT_FOUND') && uniqueIdentifier !== this.#keyId)) return null;
      throw error;
    }
  }

  #unsuitable(keyId: string): AppError {
    return new AppError(
      'KMS_KEY_UNSUITABLE',
      'The KMIP key can not wrap master keys: it is no AES key of 256 bits, or may not be used to encrypt and decrypt. Nothing was changed.',
      'Use an AES key of 256 bits whose usage mask has Encrypt and Decrypt.',
      { details: { provider: 'KMIP_KMS', location: addressText(this.#server.address), keyId } },
    );
  }
}

/** AES with 256 bits, to encrypt and decrypt; what the server does not tell is not held against the key. */
export function canWrap({ objectType = 'SymmetricKey', algorithm = 'AES', lengthBits = 256, usageMask = USAGE.Encrypt | USAGE.Decrypt }: KeyAttributes): boolean {
  return objectType === 'SymmetricKey' && algorithm === 'AES' && lengthBits === 256 && (usageMask & USAGE.Encrypt) !== 0 && (usageMask & USAGE.Decrypt) !== 0;
}

/** @throws AppError `KMS_KEY_ID_INVALID` for what can not be a unique identifier */
export function checkKeyId(text: string): void {
  if (text !== '' && text.length <= LONGEST_ID && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return;
  throw new AppError(
    'KMS_KEY_ID_INVALID',
    `"${text.slice(0, 80).toWellFormed()}" can not be the unique identifier of a KMIP key. No KMS was asked.`,
    `Give the identifier that the server gave the key: one line of at most ${LONGEST_ID} characters.`,
  );
}

/** Codes behind which the state of the key may be: servers call a key that is not active "permission denied". */
const BEHIND: readonly ErrorCode[] = ['KMS_PERMISSION_DENIED', 'KMS_KEY_UNAVAILABLE'];

const DESTROYED = [
  'KMS_KEY_DESTROYED',
  'The KMIP key was destroyed: its material is gone for good. Running processes go on with the keys that they hold; nothing else can open what is under this key.',
  'Activate a master key under another key and rekey while a process still runs; ask for a backup of the server from before.',
] as const;

const STATES: Readonly<Partial<Record<KmipState, readonly [code: ErrorCode, message: string, remedy: string]>>> = {
  PreActive: ['KMS_KEY_DISABLED', 'The KMIP key is not activated yet (Pre-Active). Nothing was wrapped or opened.', 'Activate the key (fkc kms enable).'],
  Deactivated: [
    'KMS_KEY_UNAVAILABLE',
    'The KMIP key was revoked (Deactivated): the server neither wraps nor opens with it, and KMIP has no way back. Running processes go on with the keys that they hold; one that starts now can not unwrap what is under this key.',
    'Do not destroy the key. Activate a master key under another key and rekey while a process still runs; ask the maker of the server how a revoked key is used to decrypt.',
  ],
  Compromised: [
    'KMS_KEY_UNAVAILABLE',
    'The KMIP key was revoked as compromised: the server neither wraps nor opens with it. Running processes go on with the keys that they hold; one that starts now can not unwrap what is under this key.',
    'Do not destroy the key. Activate a master key under another key and rekey while a process still runs; ask the maker of the server how a compromised key is used to decrypt.',
  ],
  Destroyed: DESTROYED,
  DestroyedCompromised: DESTROYED,
};

/** `error` told by the state of its key, where that is what is behind it and the server tells it; else `error` as it is. */
export async function withState(error: unknown, keys: KmipKeys, keyId: string): Promise<unknown> {
  if (!isAppError(error) || !BEHIND.includes(error.code)) return error;
  try {
    const { state } = await keys.attributes(keyId, ['state']);
    const [code, message, remedy] = (state === undefined ? undefined : STATES[state]) ?? [];
    if (code === undefined || message === undefined || remedy === undefined) return error;
    return new AppError(code, message, remedy, { details: { ...error.details, state: state ?? '' } });
  } catch {
    return error;
  }
}
