import { createPrivateKey } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../../errors.ts';

/** What the console signs in with. The texts are secrets: they are handed to Google's library and to nothing else. */
export type GoogleCredentials =
  | { readonly kind: 'service-account'; readonly email: string; readonly privateKey: string; readonly privateKeyId: string | null; readonly universe: string | null }
  | { readonly kind: 'user'; readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string; readonly quotaProject: string | null }
  /** Google's own search: what GOOGLE_APPLICATION_CREDENTIALS federates with, gcloud's login, the metadata server. */
  | { readonly kind: 'ambient' };

const LARGEST = 65_536;
const text = z.string().min(1);

const SERVICE_ACCOUNT = z.object({ client_email: text, private_key: text, private_key_id: text.optional(), universe_domain: text.optional() });
const USER = z.object({ client_id: text, client_secret: text, refresh_token: text, quota_project_id: text.optional() });
const TYPED = z.object({ type: z.string().max(64) });

/** Types that name other servers and files to get a token from: only what the operator set for the whole process. */
const FEDERATED = ['external_account', 'external_account_authorized_user', 'impersonated_service_account'];

/**
 * CREDENTIAL_FILE of config.ini; without one the file of GOOGLE_APPLICATION_CREDENTIALS, else what Google finds.
 * @throws AppError `KMS_CREDENTIALS_MISSING`, `FILE_UNREADABLE`, `KMS_CREDENTIALS_MALFORMED`; none quotes the file
 */
export async function readCredentials(credentialFile: string | null): Promise<GoogleCredentials> {
  const ambient = process.env['GOOGLE_APPLICATION_CREDENTIALS'] ?? '';
  const file = credentialFile ?? ambient;
  if (file === '') return { kind: 'ambient' };
  const place = credentialFile === null ? 'GOOGLE_APPLICATION_CREDENTIALS' : 'CREDENTIAL_FILE';
  const content = parse(await read(file, place), place);
  const typed = TYPED.safeParse(content);
  if (!typed.success) throw malformed(place, describesClient(content) ? 'is the description of an OAuth client, and holds no credentials' : 'does not say what type of credentials it holds');
  const { type } = typed.data;
  if (type === 'service_account') return serviceAccount(content, place);
  if (type === 'authorized_user') return user(content, place);
  if (!FEDERATED.includes(type)) throw malformed(place, 'holds credentials of a type that Google Cloud KMS does not take');
  if (credentialFile === null) return { kind: 'ambient' };
  throw malformed(place, `holds credentials of the type ${type}, which are taken from GOOGLE_APPLICATION_CREDENTIALS alone`);
}

async function read(file: string, place: string): Promise<string> {
  let bytes: Buffer;
  try {
    await using handle = await open(file, 'r');
    const stands = await handle.stat();
    if (!stands.isFile()) throw unreadable(file, place, 'it is no file');
    if (stands.size > LARGEST) throw malformed(place, 'is too large for one');
    bytes = await handle.readFile();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(file, place, code);
    throw new AppError(
      'KMS_CREDENTIALS_MISSING',
      `There is no file where ${place} says that the credentials for Google are. No KMS was asked, and nothing was changed.`,
      `Correct ${place}, or leave it out where this machine has its own trust with Google.`,
      { details: { file, place } },
    );
  }
  try {
    return bytes.toString('utf8');
  } finally {
    bytes.fill(0);
  }
}

function parse(content: string, place: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    // The parser's error quotes what it read.
    throw malformed(place, 'is no JSON');
  }
}

function serviceAccount(content: unknown, place: string): GoogleCredentials {
  const found = SERVICE_ACCOUNT.safeParse(content);
  if (!found.success) throw malformed(place, 'lacks client_email or private_key');
  const { client_email: email, private_key: privateKey, private_key_id: privateKeyId = null, universe_domain: universe = null } = found.data;
  if (!isRsaKey(privateKey)) throw malformed(place, 'holds no RSA private key in private_key');
  return { kind: 'service-account', email, privateKey, privateKeyId, universe };
}

function user(content: unknown, place: string): GoogleCredentials {
  const found = USER.safeParse(content);
  if (!found.success) throw malformed(place, 'lacks client_id, client_secret or refresh_token');
  const { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken, quota_project_id: quotaProject = null } = found.data;
  return { kind: 'user', clientId, clientSecret, refreshToken, quotaProject };
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

function describesClient(content: unknown): boolean {
  return typeof content === 'object' && content !== null && ('installed' in content || 'web' in content);
}

function malformed(place: string, why: string): AppError {
  return new AppError(
    'KMS_CREDENTIALS_MALFORMED',
    `The file that ${place} names ${why}. No KMS was asked, and nothing was changed.`,
    'Give the JSON file of a service account key (gcloud iam service-accounts keys create), or let this machine have its own trust with Google.',
    { details: { place } },
  );
}

function unreadable(file: string, place: string, why: string): AppError {
  return new AppError(
    'FILE_UNREADABLE',
    `The file that ${place} names can not be read (${why}). No KMS was asked, and nothing was changed.`,
    'Let the user that runs the console read it, and nobody else (chmod 600).',
    { details: { file, place } },
  );
}
