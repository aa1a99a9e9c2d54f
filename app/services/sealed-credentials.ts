import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { putWhole, removeTraces, removeWhole } from '../../main/atomic-file.ts';
import { AppError } from '../../main/errors.ts';
import type { AwsCredentials } from '../../main/kms/aws/provider.ts';
import { SecretBytes } from '../../main/secret.ts';

const MAGIC = Buffer.from('FKC-SEALED-1\n', 'ascii');
const DIGEST_BYTES = 32;
/** Far more than a session token needs. */
const MAX_BYTES = 256 * 1024;

/** AWS credentials as they are given. */
export interface GivenCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: SecretBytes;
  /** Of temporary credentials. */
  readonly sessionToken: SecretBytes | null;
}

/**
 * What a keychain sealed, as it lies in the profile's file.
 * @returns null where there is none. @throws what the file system says; an `Error` where it is damaged
 */
export async function readSealed(file: string): Promise<Buffer | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const sealed = bytes.subarray(MAGIC.length + DIGEST_BYTES);
  const intact = bytes.length <= MAX_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC) && digestOf(sealed).equals(bytes.subarray(MAGIC.length, MAGIC.length + DIGEST_BYTES));
  if (!intact) throw new Error('The file of sealed credentials is damaged.');
  return sealed;
}

/** Writes it whole or not at all, mode 0600; only one process of a home does. @throws AppError `DISK_FULL`, `FILE_WRITE_FAILED` */
export async function writeSealed(file: string, sealed: Uint8Array): Promise<void> {
  await orExplain(file, async () => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await removeTraces(file);
    await putWhole(file, Buffer.concat([MAGIC, digestOf(sealed), sealed]), 'sealed-credentials');
  });
}

/** @throws AppError `FILE_WRITE_FAILED` */
export async function removeSealed(file: string): Promise<void> {
  await orExplain(file, async () => {
    await removeTraces(file);
    await removeWhole(file);
  });
}

async function orExplain(file: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    const options = { details: { file, reason }, cause: error };
    if (reason === 'ENOSPC' || reason === 'EDQUOT') throw new AppError('DISK_FULL', `There is no space left to write "${file}". What was kept before is unchanged.`, 'Free space on that disk, then repeat.', options);
    throw new AppError('FILE_WRITE_FAILED', `"${file}" could not be changed (${reason}). It is whole: as it was before, or as it was to become.`, 'Check that this user may write in that folder.', options);
  }
}

function digestOf(sealed: Uint8Array): Buffer {
  return createHash('sha256').update(sealed).digest();
}

/** Four lines: whose they are, access key ID, secret access key, session token or nothing. None of them holds a line end. */
export function encodeCredentials(profile: string, { accessKeyId, secretAccessKey, sessionToken }: GivenCredentials): SecretBytes {
  const end = Buffer.from('\n');
  const joined = (token: Uint8Array): SecretBytes => secretAccessKey.use((secret) => SecretBytes.take(Buffer.concat([Buffer.from(`${profile}\n${accessKeyId}\n`), secret, end, token])));
  return sessionToken === null ? joined(Buffer.alloc(0)) : sessionToken.use(joined);
}

/** What may be told of them: no secret is made a text for it. @throws as {@link decodeCredentials} */
export function factsOf(profile: string, encoded: SecretBytes): { readonly accessKeyId: string; readonly temporary: boolean } {
  return encoded.use((bytes) => {
    const [, accessKeyId, , sessionToken] = linesOf(profile, bytes);
    return { accessKeyId: accessKeyId.toString('utf8'), temporary: sessionToken.length > 0 };
  });
}

/**
 * As texts, because the SDK takes nothing else: they are left to the garbage collector.
 * @throws an `Error` where these are not the credentials of that profile; it quotes nothing
 */
export function decodeCredentials(profile: string, encoded: SecretBytes): AwsCredentials {
  return encoded.use((bytes) => {
    const [, accessKeyId, secretAccessKey, sessionToken] = linesOf(profile, bytes);
    return { accessKeyId: accessKeyId.toString('utf8'), secretAccessKey: secretAccessKey.toString('utf8'), ...(sessionToken.length === 0 ? {} : { sessionToken: sessionToken.toString('utf8') }) };
  });
}

type Lines = readonly [owner: Buffer, accessKeyId: Buffer, secretAccessKey: Buffer, sessionToken: Buffer];

/** Views of `bytes`, no copies. */
function linesOf(profile: string, bytes: Buffer): Lines {
  const lines: Buffer[] = [];
  for (let at = 0; at <= bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    lines.push(bytes.subarray(at, end === -1 ? bytes.length : end));
    at = end === -1 ? bytes.length + 1 : end + 1;
  }
  const [owner, accessKeyId, secretAccessKey, sessionToken] = lines;
  const whole = owner?.toString('utf8') === profile && accessKeyId !== undefined && secretAccessKey !== undefined && sessionToken !== undefined && lines.length === 4;
  if (!whole || accessKeyId.length === 0 || secretAccessKey.length === 0) throw new Error('These are not the credentials of that profile.');
  return [owner, accessKeyId, secretAccessKey, sessionToken];
}
