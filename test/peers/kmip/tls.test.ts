import { rmSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createServer as createTlsServer, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, CONTEXT, failureOf, wrapNew } from '../../conformance/kms-subject.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { createKey, kmipKms, LIMITS } from './kmip.ts';
import { type KmipPeer, makePki, startGoPeer, startPyKmip } from './servers.ts';

/** Which version of TLS is spoken, read from what the servers say in the clear; and how many requests an activation makes. */

const pki = makePki();
let py: KmipPeer;
let go: KmipPeer;

beforeAll(async () => {
  [py, go] = await Promise.all([startPyKmip(pki), startGoPeer(pki)]);
});

afterAll(async () => {
  await py?.stop();
  await go?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

/** Hands bytes on, and keeps the version that each ServerHello chose. */
async function listenIn(upstream: number): Promise<{ port: number; versions: Set<number>; stop(): Promise<void> }> {
  const versions = new Set<number>();
  const server = createServer((client) => {
    const there = connect(upstream, '127.0.0.1');
    there.once('data', (hello: Buffer) => versions.add(versionOf(hello)));
    for (const [one, other] of [[client, there], [there, client]] as const) one.on('error', () => other.destroy()).pipe(other);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, versions, stop: () => new Promise((resolve) => void server.close(() => resolve())) };
}

/** ServerHello of RFC 8446, section 4.1.3: `supported_versions` (43) where there is one, else the version in its head (RFC 5246, section 7.4.1.3). */
function versionOf(record: Buffer): number {
  expect([record[0], record[5]]).toEqual([22, 2]);
  const end = 9 + record.readUIntBE(6, 3);
  const session = 43;
  for (let at = session + 1 + (record[session] ?? 0) + 2 + 1 + 2; at < end; at += 4 + record.readUInt16BE(at + 2)) if (record.readUInt16BE(at) === 43) return record.readUInt16BE(at + 4);
  return record.readUInt16BE(9);
}

async function roundTrip(port: number, keyId: string): Promise<void> {
  const kms = kmipKms(pki, port, keyId, { limits: LIMITS });
  try {
    (await kms.unwrap(await wrapNew(kms), CONTEXT)).dispose();
  } finally {
    kms.close();
  }
}

describe('the version of TLS', () => {
  it.each([
    ['1.2 where the server has no newer (PyKMIP)', () => py, 0x0303],
    ['1.3 where the server has it (kmip-go)', () => go, 0x0304],
  ] as const)('is %s', async (_, peer, version) => {
    const line = await listenIn(peer().port);
    await roundTrip(line.port, await createKey(pki, peer().port)).finally(() => line.stop());
    expect([...line.versions]).toEqual([version]);
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s alone is refused, and nothing is sent', async (version: SecureVersion) => {
    let sent = 0;
    const old = createTlsServer({ ca: readFileSync(pki.authority.ca), cert: readFileSync(pki.server.cert), key: readFileSync(pki.server.key), requestCert: true, minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }, (socket) => socket.on('data', () => (sent += 1)));
    old.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const kms = kmipKms(pki, (old.address() as AddressInfo).port, 'key', { limits: { ...LIMITS, attempts: 1 } });
    const failure = await failureOf(wrapNew(kms)).finally(() => kms.close());
    old.close();
    expect(await codeOf(Promise.reject(failure as Error))).toBe('KMS_TLS_REFUSED');
    expect(sent).toBe(0);
  });
});

it('an activation asks Encrypt and Decrypt; a process finds out once before what the server has and which key is meant', async () => {
  const proxy = await startFaultProxy(pki, go.port);
  const kms = kmipKms(pki, proxy.port, await createKey(pki, go.port), { limits: LIMITS });
  try {
    (await kms.unwrap(await wrapNew(kms), CONTEXT)).dispose();
    expect(proxy.asked).toEqual(['DiscoverVersions', 'Query', 'GetAttributes', 'Encrypt', 'Decrypt']);
    proxy.set();
    (await kms.unwrap(await wrapNew(kms), CONTEXT)).dispose();
    expect(proxy.asked).toEqual(['Encrypt', 'Decrypt']);
  } finally {
    kms.close();
    await proxy.stop();
  }
});
