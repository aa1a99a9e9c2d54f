import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { crc32c } from '../../../main/kms/gcp/crc32c.ts';

/**
 * What Cloud KMS does, as Google's reference has it. The server beside this file proves wire and client; that Google
 * itself behaves so is read, not tried:
 *
 * - messages, states, CRC-32C fields, windows: "Package google.cloud.kms.v1" (RPC reference)
 * - states of versions, destroy and restore: "Key versions" > "Key version states", "Destroy and restore key versions"
 * - primary version, rotation, re-encryption not needed: "Key rotation", "Rotate a key"
 * - additional authenticated data: "Additional authenticated data"
 * - checksums: "Verifying end-to-end data integrity"
 * - quotas: "Quotas"; permissions: "Permissions and roles"
 *
 * The words of the errors are those that users of Google quote in public; the console reads the state alone from them.
 */
export const STATUS = { INVALID_ARGUMENT: 3, NOT_FOUND: 5, PERMISSION_DENIED: 7, RESOURCE_EXHAUSTED: 8, FAILED_PRECONDITION: 9 } as const;

/** A refusal as the wire carries it. */
export interface Refusal {
  readonly code: number;
  readonly details: string;
  /** google.rpc.ErrorInfo */
  readonly info?: { readonly reason: string; readonly metadata?: Readonly<Record<string, string>> };
  /** Types of google.rpc.PreconditionFailure */
  readonly violations?: readonly string[];
}

export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.details);
    this.refusal = refusal;
  }
}

type State = 'ENABLED' | 'DISABLED' | 'DESTROY_SCHEDULED' | 'DESTROYED' | 'PENDING_GENERATION' | 'PENDING_IMPORT';
type Purpose = 'ENCRYPT_DECRYPT' | 'ASYMMETRIC_SIGN' | 'MAC';

interface Version {
  readonly name: string;
  readonly number: number;
  state: State;
  readonly createdAt: number;
  destroyAt: number | null;
  readonly material: Buffer;
}

interface Key {
  readonly name: string;
  readonly id: Buffer;
  readonly purpose: Purpose;
  readonly createdAt: number;
  readonly windowSeconds: number;
  readonly labels: Record<string, string>;
  readonly bindings: readonly { readonly role: string; readonly members: readonly string[] }[];
  readonly importOnly: boolean;
  primary: string | null;
  rotationSeconds: number | null;
  nextRotationAt: number | null;
  readonly versions: Version[];
}

export interface NewKey {
  readonly purpose?: Purpose;
  readonly windowDays?: number;
  readonly labels?: Record<string, string>;
  readonly bindings?: Key['bindings'];
  readonly importOnly?: boolean;
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- requests and answers are what protobuf.js makes of JSON. */
export type Message = any;

const PERMISSIONS: Readonly<Record<string, string>> = {
  Encrypt: 'cloudkms.cryptoKeyVersions.useToEncrypt',
  Decrypt: 'cloudkms.cryptoKeyVersions.useToDecrypt',
  GetCryptoKey: 'cloudkms.cryptoKeys.get',
  ListCryptoKeys: 'cloudkms.cryptoKeys.list',
  UpdateCryptoKey: 'cloudkms.cryptoKeys.update',
  UpdateCryptoKeyPrimaryVersion: 'cloudkms.cryptoKeys.update',
  GetIamPolicy: 'cloudkms.cryptoKeys.getIamPolicy',
  GetCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.get',
  ListCryptoKeyVersions: 'cloudkms.cryptoKeyVersions.list',
  CreateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.create',
  UpdateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.update',
  DestroyCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.destroy',
  RestoreCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.restore',
};

const TAG = 16;
const IV = 12;
const HEAD = 8;

/** Keys, versions and their states. */
export class KmsModel {
  readonly #keys = new Map<string, Key>();
  /** Permissions that the caller lacks. */
  readonly denied = new Set<string>();
  /** Entries of a page at most, whatever is asked for. */
  largestPage = 1000;
  /** State that a new version starts in; an HSM takes its time. */
  newVersion: State = 'ENABLED';
  #ahead = 0;

  /** Time passes: versions are destroyed, keys rotate. */
  advance(ms: number): void {
    this.#ahead += ms;
    const now = this.#now;
    for (const key of this.#keys.values()) {
      for (const version of key.versions) if (version.state === 'DESTROY_SCHEDULED' && version.destroyAt !== null && version.destroyAt <= now) version.state = 'DESTROYED';
      while (key.rotationSeconds !== null && key.nextRotationAt !== null && key.nextRotationAt <= now) {
        key.primary = this.#addVersion(key).name;
        key.nextRotationAt += key.rotationSeconds * 1000;
      }
    }
  }

  createKey(name: string, { purpose = 'ENCRYPT_DECRYPT', windowDays = 30, labels = {}, bindings = [], importOnly = false }: NewKey = {}): string {
    const key: Key = { name, id: randomBytes(4), purpose, createdAt: this.#now, windowSeconds: windowDays * 86_400, labels, bindings, importOnly, primary: null, rotationSeconds: null, nextRotationAt: null, versions: [] };
    this.#keys.set(name, key);
    if (!importOnly) {
      const first = this.#addVersion(key, 'ENABLED');
      if (purpose === 'ENCRYPT_DECRYPT') key.primary = first.name;
    }
    return name;
  }

  setState(version: string, state: State): void {
    this.#version(version).state = state;
  }

  /** Answers as the method of that name does. @throws Refused */
  answer(operation: string, request: Message): Message {
    const resource = String(request.name ?? request.parent ?? request.resource ?? request.cryptoKey?.name ?? request.cryptoKeyVersion?.name ?? '');
    const permission = PERMISSIONS[operation];
    if (permission !== undefined && this.denied.has(permission)) {
      throw new Refused({ code: STATUS.PERMISSION_DENIED, details: `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`, info: { reason: 'IAM_PERMISSION_DENIED', metadata: { permission, resource } } });
    }
    switch (operation) {
      case 'Encrypt':
        return this.#encrypt(request);
      case 'Decrypt':
        return this.#decrypt(request);
      case 'GetCryptoKey':
        return this.#shown(this.#key(request.name));
      case 'ListCryptoKeys':
        return page('cryptoKeys', [...this.#keys.values()].filter(({ name }) => name.startsWith(`${request.parent}/cryptoKeys/`)).map((key) => this.#shown(key)), request, this.largestPage);
      case 'GetCryptoKeyVersion':
        return shownVersion(this.#version(request.name));
      case 'ListCryptoKeyVersions':
        return page('cryptoKeyVersions', this.#key(request.parent).versions.map(shownVersion), request, this.largestPage);
      case 'CreateCryptoKeyVersion':
        return shownVersion(this.#addVersion(this.#key(request.parent)));
      case 'UpdateCryptoKeyPrimaryVersion':
        return this.#setPrimary(request);
      case 'UpdateCryptoKey':
        return this.#schedule(request);
      case 'UpdateCryptoKeyVersion':
        return this.#switch(request);
      case 'DestroyCryptoKeyVersion':
        return this.#destroy(request);
      case 'RestoreCryptoKeyVersion':
        return this.#restore(request);
      case 'GetIamPolicy':
        return { version: 1, bindings: this.#key(request.resource).bindings, etag: Buffer.from('etag') };
      default:
        throw new Refused({ code: 12, details: `Method ${operation} is not implemented here.` });
    }
  }

  get #now(): number {
    return Date.now() + this.#ahead;
  }

  #key(name: string): Key {
    const key = this.#keys.get(name);
    if (key === undefined) throw new Refused({ code: STATUS.NOT_FOUND, details: `CryptoKey ${name} not found.` });
    return key;
  }

  #version(name: string): Version {
    const found = this.#key(name.split('/cryptoKeyVersions/')[0] ?? '').versions.find((version) => version.name === name);
    if (found === undefined) throw new Refused({ code: STATUS.NOT_FOUND, details: `CryptoKeyVersion ${name} not found.` });
    return found;
  }

  #addVersion(key: Key, state: State = this.newVersion): Version {
    const number = key.versions.length + 1;
    const version: Version = { name: `${key.name}/cryptoKeyVersions/${number}`, number, state, createdAt: this.#now, destroyAt: null, material: randomBytes(32) };
    key.versions.push(version);
    if (state === 'PENDING_GENERATION') setTimeout(() => (version.state = 'ENABLED'), 300).unref();
    return version;
  }

  #encrypt({ name, plaintext, plaintextCrc32c, additionalAuthenticatedData: data, additionalAuthenticatedDataCrc32c }: Message): Message {
    const key = this.#key(name);
    if (key.purpose !== 'ENCRYPT_DECRYPT') throw new Refused({ code: STATUS.FAILED_PRECONDITION, details: `${name} has purpose ${key.purpose}, which does not support Encrypt: the purpose must be ENCRYPT_DECRYPT.` });
    const verified = [verify('plaintext', plaintext, plaintextCrc32c), verify('additional_authenticated_data', data, additionalAuthenticatedDataCrc32c)];
    if (key.primary === null) throw new Refused({ code: STATUS.FAILED_PRECONDITION, details: `${name} has no primary version.` });
    const version = this.#version(key.primary);
    mustBeEnabled(version);
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', version.material, iv).setAAD(data);
    const head = Buffer.alloc(HEAD);
    key.id.copy(head);
    head.writeUInt32BE(version.number, 4);
    const ciphertext = Buffer.concat([head, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    return {
      name: version.name,
      ciphertext,
      ciphertextCrc32c: { value: crc32c(ciphertext) },
      verifiedPlaintextCrc32c: verified[0],
      verifiedAdditionalAuthenticatedDataCrc32c: verified[1],
      protectionLevel: 'SOFTWARE',
    };
  }

  #decrypt({ name, ciphertext, ciphertextCrc32c, additionalAuthenticatedData: data, additionalAuthenticatedDataCrc32c }: Message): Message {
    const key = this.#key(name);
    verify('ciphertext', ciphertext, ciphertextCrc32c);
    verify('additional_authenticated_data', data, additionalAuthenticatedDataCrc32c);
    const bytes = Buffer.from(ciphertext);
    if (!bytes.subarray(0, 4).equals(key.id)) throw new Refused({ code: STATUS.INVALID_ARGUMENT, details: "Decryption failed: verify that 'name' refers to the correct CryptoKey." });
    const version = bytes.length < HEAD + IV + TAG ? undefined : key.versions.find(({ number }) => number === bytes.readUInt32BE(4));
    if (version === undefined) throw new Refused({ code: STATUS.INVALID_ARGUMENT, details: 'Decryption failed: the ciphertext is invalid.' });
    mustBeEnabled(version);
    try {
      const decipher = createDecipheriv('aes-256-gcm', version.material, bytes.subarray(HEAD, HEAD + IV), { authTagLength: TAG });
      decipher.setAAD(data).setAuthTag(bytes.subarray(-TAG));
      const plaintext = Buffer.concat([decipher.update(bytes.subarray(HEAD + IV, -TAG)), decipher.final()]);
      return { plaintext, plaintextCrc32c: { value: crc32c(plaintext) }, usedPrimary: version.name === key.primary, protectionLevel: 'SOFTWARE' };
    } catch {
      throw new Refused({ code: STATUS.INVALID_ARGUMENT, details: 'Decryption failed: the ciphertext is invalid.' });
    }
  }

  #setPrimary({ name, cryptoKeyVersionId }: Message): Message {
    const key = this.#key(name);
    const version = this.#version(`${name}/cryptoKeyVersions/${cryptoKeyVersionId}`);
    mustBeEnabled(version);
    key.primary = version.name;
    return this.#shown(key);
  }

  #schedule({ cryptoKey, updateMask }: Message): Message {
    const key = this.#key(cryptoKey.name);
    const paths: readonly string[] = updateMask?.paths ?? [];
    const seconds = cryptoKey.rotationPeriod === null || cryptoKey.rotationPeriod === undefined ? null : Number(cryptoKey.rotationPeriod.seconds);
    const next = cryptoKey.nextRotationTime === null || cryptoKey.nextRotationTime === undefined ? null : Number(cryptoKey.nextRotationTime.seconds) * 1000;
    if (seconds !== null && (seconds < 86_400 || next === null || next <= this.#now)) throw new Refused({ code: STATUS.INVALID_ARGUMENT, details: 'rotation_period must be at least 24 hours, and next_rotation_time must be in the future.' });
    if (paths.includes('rotation_period')) key.rotationSeconds = seconds;
    if (paths.includes('next_rotation_time')) key.nextRotationAt = next;
    return this.#shown(key);
  }

  #switch({ cryptoKeyVersion, updateMask }: Message): Message {
    const version = this.#version(cryptoKeyVersion.name);
    const asked = cryptoKeyVersion.state as State;
    if (!(updateMask?.paths ?? []).includes('state') || !['ENABLED', 'DISABLED'].includes(asked)) throw new Refused({ code: STATUS.INVALID_ARGUMENT, details: 'Only state can be changed here, to ENABLED or DISABLED.' });
    if (!['ENABLED', 'DISABLED'].includes(version.state)) throw new Refused({ code: STATUS.FAILED_PRECONDITION, details: `${version.name} can not be changed, current state is: ${version.state}.` });
    version.state = asked;
    return shownVersion(version);
  }

  #destroy({ name }: Message): Message {
    const version = this.#version(name);
    if (!['ENABLED', 'DISABLED'].includes(version.state)) throw new Refused({ code: STATUS.FAILED_PRECONDITION, details: `${name} can not be destroyed, current state is: ${version.state}.` });
    version.state = 'DESTROY_SCHEDULED';
    version.destroyAt = this.#now + this.#key(name.split('/cryptoKeyVersions/')[0]).windowSeconds * 1000;
    return shownVersion(version);
  }

  #restore({ name }: Message): Message {
    const version = this.#version(name);
    if (version.state !== 'DESTROY_SCHEDULED') throw new Refused({ code: STATUS.FAILED_PRECONDITION, details: `${name} can not be restored, current state is: ${version.state}.` });
    version.state = 'DISABLED';
    version.destroyAt = null;
    return shownVersion(version);
  }

  #shown(key: Key): Message {
    return {
      name: key.name,
      purpose: key.purpose,
      createTime: stamp(key.createdAt),
      labels: key.labels,
      importOnly: key.importOnly,
      versionTemplate: { protectionLevel: 'SOFTWARE', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' },
      destroyScheduledDuration: { seconds: key.windowSeconds },
      ...(key.primary === null ? {} : { primary: shownVersion(this.#version(key.primary)) }),
      ...(key.rotationSeconds === null ? {} : { rotationPeriod: { seconds: key.rotationSeconds } }),
      ...(key.nextRotationAt === null ? {} : { nextRotationTime: stamp(key.nextRotationAt) }),
    };
  }
}

function mustBeEnabled({ name, state }: Version): void {
  if (state !== 'ENABLED') throw new Refused({ code: STATUS.FAILED_PRECONDITION, details: `${name} is not enabled, current state is: ${state}.` });
}

/** True where a checksum was sent; without one nothing is verified. */
function verify(field: string, bytes: Uint8Array, told: { value?: unknown } | null | undefined): boolean {
  if (told === null || told === undefined) return false;
  if (String(told.value) !== String(crc32c(bytes))) throw new Refused({ code: STATUS.INVALID_ARGUMENT, details: `The checksum in field ${field}_crc32c did not match the data in field ${field}.` });
  return true;
}

function shownVersion({ name, state, createdAt, destroyAt }: Version): Message {
  return { name, state, protectionLevel: 'SOFTWARE', algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION', createTime: stamp(createdAt), ...(state === 'DESTROY_SCHEDULED' && destroyAt !== null ? { destroyTime: stamp(destroyAt) } : {}) };
}

function stamp(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}

function page(field: string, entries: readonly Message[], { pageSize, pageToken }: Message, largest: number): Message {
  const from = pageToken === '' ? 0 : Number(pageToken);
  const to = from + Math.min(pageSize > 0 ? pageSize : 100, largest);
  return { [field]: entries.slice(from, to), nextPageToken: to < entries.length ? String(to) : '', totalSize: entries.length };
}
