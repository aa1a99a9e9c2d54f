import { readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../../main/crypto/random.ts';
import { isAppError } from '../../../main/errors.ts';
import { OPERATION } from '../../../main/kms/kmip/enumerations.ts';
import { create } from '../../../main/kms/kmip/operations/create.ts';
import { revoke } from '../../../main/kms/kmip/operations/revoke.ts';
import type { KmipKms, KmipKmsSettings, KmipTls } from '../../../main/kms/kmip/provider.ts';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { bytes, integer, text } from '../../../main/kms/kmip/ttlv/item.ts';
import type { WrappedKey } from '../../../main/kms/provider.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { codeOf, CONTEXT, failureOf, wrapNew } from '../../conformance/kms-subject.ts';
import { freePort } from '../aws/python-server.ts';
import { Authority } from '../cassandra/certificates.ts';
import { type Fault, type FaultProxy, startFaultProxy, withField } from './fault-proxy.ts';
import { CREDENTIAL, createKey, credential, kmipKms, LIMITS, tlsOf, withServer } from './kmip.ts';
import { type KmipPeer, makePki, startGoPeer, startPyKmip } from './servers.ts';

const pki = makePki();
const once = { ...LIMITS, attempts: 1 };
let python: KmipPeer;
let go: KmipPeer;
let proxy: FaultProxy;
let keyId: string;
let wrapped: WrappedKey;

beforeAll(async () => {
  [python, go] = await Promise.all([startPyKmip(pki), startGoPeer(pki)]);
  proxy = await startFaultProxy(pki, go.port);
  keyId = await createKey(pki, go.port);
  const kms = kmipKms(pki, proxy.port, keyId);
  wrapped = await wrapNew(kms);
  kms.close();
});

afterAll(async () => {
  await proxy?.stop();
  for (const peer of [python, go]) await peer?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

afterEach(() => proxy.set());

/** Reasons that no server here gives by itself (recorded). */
const RECORDED: readonly (readonly [what: string, fault: Fault, code: string])[] = [
  ['a limit of the server', refused(0x3a), 'KMS_THROTTLED'],
  ['an answer that would be too large', refused('ResponseTooLarge'), 'KMS_LIMIT_REACHED'],
  ['a login that is refused', refused('AuthenticationNotSuccessful', `wrong: ${CREDENTIAL.password}`), 'KMS_CREDENTIALS_WRONG'],
  ['an archived key', refused('ObjectArchived'), 'KMS_KEY_UNAVAILABLE'],
  ['a destroyed key', refused('ObjectDestroyed'), 'KMS_KEY_DESTROYED'],
  ['a key with the wrong usage', refused('IncompatibleCryptographicUsageMask'), 'KMS_KEY_UNSUITABLE'],
  ['a permission that is missing', refused('PermissionDenied', CREDENTIAL.password), 'KMS_PERMISSION_DENIED'],
  ['a key that is not shown', refused('ObjectNotFound'), 'KMS_KEY_NOT_FOUND'],
  ['an operation that it lacks', refused('OperationNotSupported'), 'KMS_ACT_UNSUPPORTED'],
  ['a field that it does not like', refused('InvalidField'), 'KMS_REQUEST_REFUSED'],
  ['a reason of its maker', refused(0x80000001), 'KMS_REQUEST_REFUSED'],
  ['an answer that is put off', { kind: 'refused', reason: null, status: 2 }, 'KMS_OUTCOME_UNKNOWN'],
];

/** What an answer on the way may become. */
const BROKEN: readonly (readonly [what: string, fault: Fault, codes: RegExp])[] = [
  ['garbage', { kind: 'answer', bytes: Buffer.from([0xff, 0, 1, 2, 3, 4, 5, 6, 7]) }, /^KMS_ANSWER_INVALID$/],
  ['a page of a proxy', { kind: 'answer', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, /^KMS_ANSWER_INVALID$/],
  ['a length without end', { kind: 'answer', bytes: Buffer.from('42007b01ffffffff', 'hex') }, /^KMS_ANSWER_INVALID$/],
  ['an empty message', { kind: 'answer', bytes: Buffer.from('42007b0100000000', 'hex') }, /^KMS_ANSWER_INVALID$/],
  ['half of it', { kind: 'half', bytes: 60 }, /^KMS_TIMEOUT$/],
  ['the first bytes alone', { kind: 'half', bytes: 5 }, /^KMS_TIMEOUT$/],
  ['a connection that ends before', { kind: 'cut', after: null }, /^KMS_UNREACHABLE$/],
  ['a connection that ends amid', { kind: 'cut', after: 40 }, /^KMS_UNREACHABLE$/],
  ['an answer that never comes', { kind: 'slow', ms: 5_000 }, /^KMS_TIMEOUT$/],
  ['something behind it', { kind: 'more', bytes: Buffer.alloc(8) }, /^KMS_ANSWER_INVALID$/],
  ['another key', changed(TAG.uniqueIdentifier, () => text(TAG.uniqueIdentifier, 'peer-0')), /^KMS_ANSWER_INVALID$/],
  ['a short key', changed(TAG.data, () => bytes(TAG.data, Buffer.alloc(16))), /^KMS_ANSWER_INVALID$/],
  ['no key', changed(TAG.data, () => null), /^KMS_ANSWER_INVALID$/],
  ['another version', changed(TAG.protocolVersionMinor, () => integer(TAG.protocolVersionMinor, 2)), /^KMS_ANSWER_INVALID$/],
  ['another operation', changed(TAG.operation, () => ({ tag: TAG.operation, type: 'Enumeration', value: 0x18 })), /^KMS_ANSWER_INVALID$/],
];

describe.each([
  ['wrap', 'Encrypt', (kms: KmipKms) => wrapNew(kms)],
  ['unwrap', 'Decrypt', (kms: KmipKms) => kms.unwrap(wrapped, CONTEXT)],
] as const)('%s', (_, operation, act) => {
  it.each([...RECORDED.map(([what, fault, code]) => [what, fault, new RegExp(`^${code}$`)] as const), ...BROKEN])('meets %s', async (__, fault, codes) => {
    const kms = kmipKms(pki, proxy.port, keyId, { ...credential(), limits: once });
    proxy.set({ operation, fault });
    const error = await failureOf(act(kms));
    kms.close();
    if (!isAppError(error)) throw error ?? new Error('It did not fail.');
    expect(error.code).toMatch(codes);
    expect(JSON.stringify([error.message, error.remedy, error.details, error.stack])).not.toContain(CREDENTIAL.password);
    expect(error.cause).toBeUndefined();
  });

  it('takes an answer that comes byte by byte', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: { timeoutMs: 20_000 } });
    proxy.set({ operation, fault: { kind: 'dribble' } });
    expect(await codeOf(act(kms))).toBeNull();
    kms.close();
  });

  it('asks again where the trouble passes, and never where it does not', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: LIMITS });
    for (const fault of [{ kind: 'cut', after: null }, { kind: 'cut', after: 40 }, { kind: 'answer', bytes: Buffer.alloc(16) }, refused(0x3a)] as const) {
      proxy.set({ operation, fault, times: 2 });
      expect(await codeOf(act(kms))).toBeNull();
    }
    proxy.set({ operation, fault: refused('InvalidField') });
    expect(await codeOf(act(kms))).toBe('KMS_REQUEST_REFUSED');
    expect(proxy.asked.filter((asked) => asked === operation)).toHaveLength(1);
    kms.close();
  });
});

describe('the tag', () => {
  it.each([0, 4, 12, 15])('of %i bytes that a server gives is refused, and nothing is stored', async (length) => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: once });
    proxy.set({ operation: 'Encrypt', fault: changed(TAG.authenticatedEncryptionTag, () => bytes(TAG.authenticatedEncryptionTag, Buffer.alloc(length))) });
    const error = await failureOf(wrapNew(kms));
    expect(isAppError(error, 'KMS_ANSWER_INVALID') && error.details).toMatchObject({ kmipError: 'KMIP_AUTHENTICATION_TAG_INVALID', length });
    kms.close();
  });
});

describe('a valid answer to something else', () => {
  it('is another key than was wrapped: found by its fingerprint', async () => {
    using plain = randomSecret(32);
    const kms = kmipKms(pki, proxy.port, keyId);
    const stored = await kms.wrap(plain, CONTEXT);
    proxy.set({ operation: 'Decrypt', fault: changed(TAG.data, () => bytes(TAG.data, Buffer.alloc(32, 1))) });
    using back = await kms.unwrap(stored, CONTEXT);
    expect(fingerprintOf(back)).not.toBe(fingerprintOf(plain));
    kms.close();
  });

  it('is wrapped bytes of another context or key: found by opening again', async () => {
    const kms = kmipKms(pki, proxy.port, keyId);
    proxy.set({ operation: 'Encrypt', fault: changed(TAG.data, () => bytes(TAG.data, wrapped.bytes)) });
    const stored = await wrapNew(kms);
    expect(await codeOf(kms.unwrap(stored, CONTEXT))).toBe('KMS_CIPHERTEXT_REFUSED');
    kms.close();
  });
});

describe('greeting', () => {
  it('goes through older versions where a server refuses in a header of its own', async () => {
    const through = await startFaultProxy(pki, python.port);
    through.set({ operation: 'DiscoverVersions', fault: { kind: 'refused', reason: 'InvalidMessage', version: '1.0' }, times: 1 });
    const found = await withServer(pki, through.port, (server) => server.greeting());
    expect(found.version).toBe('2.0');
    expect(through.asked.filter((asked) => asked === 'DiscoverVersions')).toHaveLength(3);
    await through.stop();
  });

  it('takes the versions out of an answer in an older header', async () => {
    proxy.set({ operation: 'DiscoverVersions', fault: { kind: 'changed', change: withVersionInHeader(0) } });
    expect((await withServer(pki, proxy.port, (server) => server.greeting())).version).toBe('1.4');
  });

  it('means 1.0 where it is not known: nothing is wrapped then', async () => {
    proxy.set({ operation: 'DiscoverVersions', fault: refused('OperationNotSupported') });
    const kms = kmipKms(pki, proxy.port, keyId, { limits: once });
    const error = await failureOf(wrapNew(kms));
    expect(isAppError(error, 'KMS_ACT_UNSUPPORTED') && error.details?.['version']).toBe('1.0');
    expect(proxy.asked).not.toContain('Encrypt');
    kms.close();
  });

  it('is done again where a server speaks another version since', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: once });
    await wrapNew(kms);
    proxy.set({ operation: 'Encrypt', fault: { kind: 'refused', reason: 'UnsupportedProtocolVersion', version: '1.0' }, times: 1 });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_ACT_UNSUPPORTED');
    expect(proxy.asked).toEqual(['Encrypt', 'DiscoverVersions', 'Query']);
    expect(await codeOf(wrapNew(kms))).toBeNull();
    kms.close();
  });

  it('is done again once for all who were refused', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: once });
    await wrapNew(kms);
    proxy.set({ operation: 'Decrypt', fault: { kind: 'refused', reason: 'UnsupportedProtocolVersion', version: '1.0' }, times: 4 }, { operation: 'DiscoverVersions', fault: { kind: 'slow', ms: 50 } });
    await Promise.all(Array.from({ length: 4 }, () => codeOf(kms.unwrap(wrapped, CONTEXT))));
    expect(proxy.asked.filter((operation) => operation === 'DiscoverVersions')).toHaveLength(1);
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
    kms.close();
  });

  it('does without Query', async () => {
    proxy.set({ operation: 'Query', fault: refused('OperationNotSupported') });
    const kms = kmipKms(pki, proxy.port, keyId);
    expect(await codeOf(wrapNew(kms))).toBeNull();
    expect(kms.acts.rotateNow).toBeUndefined();
    kms.close();
  });

  it('and a key are asked once for many calls', async () => {
    const kms = kmipKms(pki, proxy.port, keyId);
    for (let i = 0; i < 3; i += 1) (await kms.unwrap(await wrapNew(kms), CONTEXT)).dispose();
    const counted = Object.fromEntries([...new Set(proxy.asked)].map((operation) => [operation, proxy.asked.filter((asked) => asked === operation).length]));
    expect(counted).toEqual({ DiscoverVersions: 1, Query: 1, GetAttributes: 1, Encrypt: 3, Decrypt: 3 });
    kms.close();
  });
});

describe('connections', () => {
  it('are used again one after the other, and shared by those who ask at once', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { connections: 4 });
    for (let i = 0; i < 10; i += 1) (await kms.unwrap(wrapped, CONTEXT)).dispose();
    expect(proxy.connections).toBe(1);
    proxy.set({ operation: 'Decrypt', fault: { kind: 'slow', ms: 100 } });
    const began = performance.now();
    const keys = await Promise.all(Array.from({ length: 16 }, () => kms.unwrap(wrapped, CONTEXT)));
    const ms = performance.now() - began;
    for (const key of keys) key.dispose();
    expect(proxy.connections).toBeLessThanOrEqual(3);
    // One after the other would take 1.6 s.
    expect(ms).toBeGreaterThan(390);
    expect(ms).toBeLessThan(1_200);
    kms.close();
  });

  it('waiting for a turn does not count as time of a request', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { connections: 1, limits: { ...once, timeoutMs: 700 } });
    proxy.set({ operation: 'Decrypt', fault: { kind: 'slow', ms: 150 } });
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(kms.unwrap(wrapped, CONTEXT))));
    expect(codes).toEqual(Array(8).fill(null));
    kms.close();
  });

  it('that ended while they waited are opened anew, without a failure', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: once });
    proxy.set({ fault: { kind: 'last' } });
    for (let i = 0; i < 3; i += 1) expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
    expect(kms.endpoints()[0]).toMatchObject({ retries: 0, circuit: { failures: 0 } });
    kms.close();
  });

  it('that PyKMIP ended after 10 s are opened anew, without a failure', async () => {
    const kms = kmipKms(pki, python.port, await createKey(pki, python.port), { limits: once });
    const kept = await wrapNew(kms);
    await delay(11_000);
    expect(await codeOf(kms.unwrap(kept, CONTEXT))).toBeNull();
    expect(kms.endpoints()[0]).toMatchObject({ retries: 0, circuit: { failures: 0 } });
    kms.close();
  });

  it('are new ones for what must not happen twice, and an outcome that is not known is told', async () => {
    await withServer(pki, proxy.port, async (server) => {
      await server.greeting();
      proxy.set({ operation: 'Create', fault: { kind: 'cut', after: 8 } });
      expect(await codeOf(server.ask(create, {}, { repeatable: false }))).toBe('KMS_OUTCOME_UNKNOWN');
      expect({ asked: proxy.asked, connections: proxy.connections }).toEqual({ asked: ['Create'], connections: 1 });
    });
  });

  it('fail where the provider is closed amid a request', async () => {
    const kms = kmipKms(pki, proxy.port, keyId, { limits: once });
    proxy.set({ operation: 'Decrypt', fault: { kind: 'slow', ms: 3_000 } });
    const asked = codeOf(kms.unwrap(wrapped, CONTEXT));
    await delay(300);
    kms.close();
    expect(await asked).toBe('KMS_UNREACHABLE');
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBe('KMS_UNREACHABLE');
  });
});

describe('the server', () => {
  it('is killed amid requests, and works again when it is back', async () => {
    const mine = await startPyKmip(pki);
    const kms = kmipKms(pki, mine.port, await createKey(pki, mine.port), { limits: once });
    const kept = await wrapNew(kms);
    mine.pause(true);
    const amid = codeOf(kms.unwrap(kept, CONTEXT));
    await delay(200);
    await mine.restart();
    expect(await amid).toBe('KMS_UNREACHABLE');
    expect(await codeOf(kms.unwrap(kept, CONTEXT))).toBeNull();
    kms.close();
    await mine.stop();
  });

  it('stands still: the circuit opens, and closes when it goes on', async () => {
    const kms = kmipKms(pki, go.port, keyId, { limits: { ...once, timeoutMs: 300, breaker: { failures: 3, pauseMs: 500, longestPauseMs: 500 } } });
    const kept = await wrapNew(kms);
    go.pause(true);
    try {
      for (const expected of ['KMS_TIMEOUT', 'KMS_TIMEOUT', 'KMS_TIMEOUT', 'KMS_CIRCUIT_OPEN']) expect(await codeOf(kms.unwrap(kept, CONTEXT))).toBe(expected);
    } finally {
      go.pause(false);
    }
    await delay(600);
    expect(await codeOf(kms.unwrap(kept, CONTEXT))).toBeNull();
    kms.close();
  });

  it('moved to another name with its keys: old generations are opened there', async () => {
    const [stored, moved] = [await startFaultProxy(pki, go.port), await startFaultProxy(pki, go.port)];
    const [before, now] = [kmipKms(pki, stored.port, keyId), kmipKms(pki, moved.port, keyId, { limits: LIMITS })];
    const old = await wrapNew(before);
    expect(await codeOf(now.unwrap(old, CONTEXT))).toBeNull();
    // The server that is stored is asked as long as it answers.
    expect([stored.asked.includes('Decrypt'), moved.asked.includes('Decrypt')]).toEqual([true, false]);
    await stored.stop();
    expect(await codeOf(now.unwrap(old, CONTEXT))).toBeNull();
    expect(await codeOf(now.unwrap(old, { ...CONTEXT, cluster: 'prod' }))).toBe('KMS_UNREACHABLE');
    for (const kms of [before, now]) kms.close();
    await moved.stop();
  });

  it('has its key revoked between wrapping and reading back', async () => {
    const own = await createKey(pki, go.port);
    const kms = kmipKms(pki, go.port, own);
    const kept = await wrapNew(kms);
    await withServer(pki, go.port, (server) => server.ask(revoke, { uniqueIdentifier: own, reason: 'Superseded' }));
    expect(await codeOf(kms.unwrap(kept, CONTEXT))).toBe('KMS_KEY_UNAVAILABLE');
    kms.close();
  });

  it('fails inside when it wraps', async () => {
    const failing = await startGoPeer(pki, { FAIL: String(OPERATION.Encrypt) });
    const kms = kmipKms(pki, failing.port, await createKey(pki, failing.port), { limits: LIMITS });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_FAILED');
    kms.close();
    await failing.stop();
  });
});

describe('TLS', () => {
  const code = async (port: number, more: Partial<KmipKmsSettings> = {}): Promise<string | null> => {
    const kms = kmipKms(pki, port, keyId, { limits: once, ...more });
    try {
      return await codeOf(wrapNew(kms));
    } finally {
      kms.close();
    }
  };
  const other = (): Authority => new Authority(`${pki.folder}/other-${Math.random()}`);

  it('trusts the configured CA alone', async () => {
    const stranger = other();
    for (const port of [python.port, go.port]) expect(await code(port, { tls: { ...tlsOf(pki), ca: readFileSync(stranger.ca) } })).toBe('KMS_TLS_UNTRUSTED');
  });

  it('demands the name of the host', async () => {
    const named = await startFaultProxy(pki, go.port, { server: pki.authority.sign('elsewhere', ['kmip.example.com'], { usage: 'serverAuth' }) });
    expect(await code(named.port)).toBe('KMS_TLS_UNTRUSTED');
    expect(await code(named.port, { baseUrl: `kmip://localhost:${named.port}` })).toBe('KMS_TLS_UNTRUSTED');
    await named.stop();
    expect(await code(go.port, { baseUrl: `kmip://localhost:${go.port}` })).toBeNull();
  });

  it('refuses a certificate that has expired', async () => {
    const expired = pki.authority.sign('expired-server', ['127.0.0.1'], { usage: 'serverAuth', days: 0 });
    await delay(1_100);
    const late = await startFaultProxy(pki, go.port, { server: expired });
    expect(await code(late.port)).toBe('KMS_TLS_UNTRUSTED');
    await late.stop();
  });

  it.each([
    ['PyKMIP', () => python],
    ['kmip-go', () => go],
  ] as const)('%s refuses a client certificate of another CA', async (_, peer) => {
    const stranger = other().sign('mallory', [], { usage: 'clientAuth' });
    expect(await code(peer().port, { tls: tlsOf(pki, stranger) })).toBe('KMS_TLS_REFUSED');
  });

  it('says what is wrong with our own certificate, and asks nobody', async () => {
    const expired = pki.authority.sign('expired', [], { usage: 'clientAuth', days: 0 });
    await delay(1_100);
    expect(await code(go.port, { tls: tlsOf(pki, expired) })).toBe('KMS_CREDENTIALS_EXPIRED');
    for (const tls of [{ ...tlsOf(pki), key: readFileSync(pki.bob.key) }, { ...tlsOf(pki), cert: 'no certificate' }, { ...tlsOf(pki), key: 'no key' }]) {
      expect(await code(go.port, { tls })).toBe('KMS_CREDENTIALS_MALFORMED');
    }
    expect(await code(go.port, { tls: { ...tlsOf(pki), key: '' } })).toBe('KMS_CREDENTIALS_MISSING');
    expect(await code(go.port, { user: CREDENTIAL.user, password: null })).toBe('KMS_CREDENTIALS_MISSING');
  });

  it('uses a certificate that was renewed while it runs, and zeroes the passwords and private keys that it was lent', async () => {
    const expired = pki.authority.sign('renewed', [], { usage: 'clientAuth', days: 0 });
    await delay(1_100);
    let own = expired;
    const keys: Buffer[] = [];
    const tls = (): Promise<KmipTls> => {
      const files = tlsOf(pki, own);
      keys.push(files.key as Buffer);
      return Promise.resolve(files);
    };
    const lent: SecretBytes[] = [];
    const password = (): Promise<SecretBytes> => {
      const secret = SecretBytes.copyOf(Buffer.from(CREDENTIAL.password));
      lent.push(secret);
      return Promise.resolve(secret);
    };
    const kms = kmipKms(pki, go.port, keyId, { tls, user: CREDENTIAL.user, password });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_CREDENTIALS_EXPIRED');
    own = pki.alice;
    expect(await codeOf(wrapNew(kms))).toBeNull();
    expect(lent.length).toBeGreaterThan(3);
    expect(lent.every(({ disposed }) => disposed)).toBe(true);
    expect(keys.length).toBeGreaterThan(1);
    expect(keys.every((key) => key.every((byte) => byte === 0))).toBe(true);
    kms.close();
  });
});

describe('between here and the server', () => {
  it.each([
    ['nobody listens', async () => `kmip://127.0.0.1:${await freePort()}`, 'KMS_UNREACHABLE'],
    ['the name does not exist', async () => 'kmip://kmip.nowhere.invalid', 'KMS_UNREACHABLE'],
    ['what listens does not speak TLS', async () => `kmip://127.0.0.1:${await listen((server) => server.on('connection', (socket) => void socket.on('error', () => undefined).end('HELLO\r\n')))}`, 'KMS_TLS_REFUSED'],
    ['what listens says nothing', async () => `kmip://127.0.0.1:${await listen((server) => server.on('connection', (socket) => void socket.on('error', () => undefined)))}`, 'KMS_TIMEOUT'],
  ])('%s', async (_, baseUrl, expected) => {
    const kms = kmipKms(pki, 0, keyId, { baseUrl: await baseUrl(), limits: once });
    expect(await codeOf(wrapNew(kms))).toBe(expected);
    kms.close();
  });
});

const listening: Server[] = [];
afterAll(() => {
  for (const server of listening) server.close();
});

async function listen(behave: (server: Server) => void): Promise<number> {
  const server = createServer();
  behave(server);
  listening.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function refused(reason: Extract<Fault, { kind: 'refused' }>['reason'], words?: string): Fault {
  return { kind: 'refused', reason, ...(words === undefined ? {} : { words }) };
}

function changed(tag: number, change: Parameters<typeof withField>[1]): Fault {
  return { kind: 'changed', change: withField(tag, change) };
}

function withVersionInHeader(minor: number): ReturnType<typeof withField> {
  return withField(TAG.responseHeader, (header) => withField(TAG.protocolVersionMinor, () => integer(TAG.protocolVersionMinor, minor))(header));
}
