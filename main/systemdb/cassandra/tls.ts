import { readFile } from 'node:fs/promises';
import { checkServerIdentity, createSecureContext, type ConnectionOptions } from 'node:tls';
import { AppError } from '../../errors.ts';
import type { CassandraTls } from './settings.ts';

/**
 * TLS as this console speaks it: 1.2 or newer, only the profile's CA, and always a check of the name. A node is reached by
 * its address; the certificate may name that address, or the contact point's name that led to it.
 *
 * @param names for each address the names of the contact points that resolved to it
 * @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE` (also where a file holds no PEM, or the key is encrypted)
 */
export async function tlsOptions(files: CassandraTls, names: ReadonlyMap<string, readonly string[]>): Promise<ConnectionOptions> {
  const ca = await readPem(files.ca, 'CERTIFICATE');
  const cert = files.cert === undefined ? null : await readPem(files.cert, 'CERTIFICATE');
  const key = files.key === undefined ? null : await readPem(files.key, 'PRIVATE KEY');
  try {
    const secureContext = createSecureContext({ ca, minVersion: 'TLSv1.2', ...(cert === null ? {} : { cert }), ...(key === null ? {} : { key }) });
    return {
      secureContext,
      rejectUnauthorized: true,
      checkServerIdentity: (address, certificate) => {
        const mismatch = checkServerIdentity(address, certificate);
        const named = (names.get(address) ?? []).some((name) => checkServerIdentity(name, certificate) === undefined);
        return named ? undefined : mismatch;
      },
    };
  } catch (error) {
    throw unusable([files.ca, files.cert, files.key].filter((file) => file !== undefined), error);
  } finally {
    key?.fill(0);
  }
}

async function readPem(file: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): Promise<Buffer> {
  let pem: Buffer;
  try {
    pem = await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new AppError('FILE_NOT_FOUND', `There is no file ${file}. Nothing was sent to the cluster.`, 'Check the TLS files in the profile.', {
        details: { file },
        cause: error,
      });
    }
    throw unusable([file], error);
  }
  if (!pem.includes(`${label}-----`)) {
    pem.fill(0);
    throw unusable([file]);
  }
  return pem;
}

function unusable(files: readonly string[], cause?: unknown): AppError {
  return new AppError(
    'FILE_UNREADABLE',
    `TLS can not use ${files.join(', ')}. Nothing was sent to the cluster.`,
    'Give certificates in PEM form and the private key of the client certificate, not encrypted, in PEM form.',
    { details: { files }, ...(cause === undefined ? {} : { cause }) },
  );
}
