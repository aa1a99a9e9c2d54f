import { readFileSync } from 'node:fs';
import { KmipServer } from '../../../main/kms/kmip/server.ts';
import { KmipKms, type KmipKmsSettings, type KmipTls } from '../../../main/kms/kmip/provider.ts';
import { activate } from '../../../main/kms/kmip/operations/activate.ts';
import { create } from '../../../main/kms/kmip/operations/create.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { lineOf, type OpenedKms } from '../../conformance/kms-subject.ts';
import type { Certificate } from '../cassandra/certificates.ts';
import type { Pki } from './servers.ts';

/** Looked for in what must not show them. */
export const CREDENTIAL = { user: 'fabric', password: 'known-secret-of-the-tests' } as const;

/** Short limits: the tests wait for them. */
export const LIMITS = { timeoutMs: 1_500, backoffMs: 1, longestBackoffMs: 5 } as const;

export function tlsOf(pki: Pki, { cert, key }: Certificate = pki.alice): KmipTls {
  return { ca: readFileSync(pki.authority.ca), cert: readFileSync(cert), key: readFileSync(key) };
}

/** Settings as config.ini and a profile would make them. */
export function settings(pki: Pki, port: number, more: Partial<KmipKmsSettings> = {}): KmipKmsSettings {
  return { baseUrl: `kmip://127.0.0.1:${port}`, partition: null, keyId: null, user: null, password: null, tls: tlsOf(pki), ...more };
}

export function kmipKms(pki: Pki, port: number, keyId: string | null, more: Partial<KmipKmsSettings> = {}): KmipKms {
  return new KmipKms(settings(pki, port, { keyId, ...more }));
}

/** A server as the provider asks it, for what the provider does not do. */
export async function withServer<T>(pki: Pki, port: number, act: (server: KmipServer) => Promise<T>, more: Partial<KmipKmsSettings> = {}): Promise<T> {
  const server = new KmipServer({ host: '127.0.0.1', port }, settings(pki, port, more));
  try {
    return await act(server);
  } finally {
    server.close();
  }
}

/** A new key's identifier; active where not told otherwise. */
export async function createKey(pki: Pki, port: number, { active = true, ...more }: Partial<KmipKmsSettings> & { active?: boolean } = {}): Promise<string> {
  return withServer(
    pki,
    port,
    async (server) => {
      const uniqueIdentifier = await server.ask(create, { name: `key-${Math.random()}` }, { repeatable: false });
      if (active) await server.ask(activate, { uniqueIdentifier }, { repeatable: false });
      return uniqueIdentifier;
    },
    more,
  );
}

/** USER and PASSWORD; the function's answer is the provider's to dispose of. */
export function credential(password: string = CREDENTIAL.password): Pick<KmipKmsSettings, 'user' | 'password'> {
  return { user: CREDENTIAL.user, password: () => Promise.resolve(SecretBytes.copyOf(Buffer.from(password))) };
}

/** What the conformance suite works on. */
export async function openKmip(pki: Pki, port: number, more: Partial<KmipKmsSettings> = {}): Promise<OpenedKms> {
  const provider = kmipKms(pki, port, await createKey(pki, port, more), more);
  return {
    provider,
    another: async () => kmipKms(pki, port, await createKey(pki, port, more), more),
    missing: () => kmipKms(pki, port, 'no-such-key', more),
    secrets: [CREDENTIAL.password, lineOf(readFileSync(pki.alice.key, 'utf8'))],
    close: () => Promise.resolve(provider.close()),
  };
}
