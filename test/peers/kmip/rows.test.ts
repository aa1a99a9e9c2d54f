import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:tls';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { BLOCK_CIPHER_MODE, CRYPTOGRAPHIC_ALGORITHM, OPERATION, RESULT_REASON, type OperationName } from '../../../main/kms/kmip/enumerations.ts';
import { inner } from '../../../main/kms/kmip/fields.ts';
import { decodeResponse, protocolVersion } from '../../../main/kms/kmip/message.ts';
import { activate } from '../../../main/kms/kmip/operations/activate.ts';
import { create } from '../../../main/kms/kmip/operations/create.ts';
import { destroy } from '../../../main/kms/kmip/operations/destroy.ts';
import { encrypt } from '../../../main/kms/kmip/operations/encrypt.ts';
import { getAttributes } from '../../../main/kms/kmip/operations/get-attributes.ts';
import { reKey } from '../../../main/kms/kmip/operations/re-key.ts';
import { type RevokeAsked, revoke } from '../../../main/kms/kmip/operations/revoke.ts';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { decodeItem } from '../../../main/kms/kmip/ttlv/decode.ts';
import { encodeItem } from '../../../main/kms/kmip/ttlv/encode.ts';
import { type TtlvPart, type TtlvStructure, bytes, dateTime, enumeration, integer, structure, text } from '../../../main/kms/kmip/ttlv/item.ts';
import type { KmipVersion } from '../../../main/kms/kmip/version.ts';
import { encodeCall, readAnswer } from '../../../main/kms/kmip/exchange.ts';
import { randomSecret } from '../../../main/crypto/random.ts';
import { codeOf, CONTEXT, failureOf, wrapNew } from '../../conformance/kms-subject.ts';
import { ask } from './fault-proxy.ts';
import { CREDENTIAL, createKey, credential, kmipKms, tlsOf, withServer } from './kmip.ts';
import { type KmipPeer, makePki, startGoPeer, startPyKmip } from './servers.ts';

const pki = makePki();
let python: KmipPeer;
let go: KmipPeer;
let strict: KmipPeer;
let old: KmipPeer;

beforeAll(async () => {
  [python, go, strict, old] = await Promise.all([
    startPyKmip(pki),
    startGoPeer(pki),
    startGoPeer(pki, { USER_PASSWORD: `${CREDENTIAL.user}:${CREDENTIAL.password}` }),
    startGoPeer(pki, { VERSIONS: '1.0,1.1,1.2,1.3' }),
  ]);
});

afterAll(async () => {
  for (const peer of [python, go, strict, old]) await peer?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

const PEERS = [
  ['PyKMIP', () => python],
  ['kmip-go', () => go],
] as const;

/** A request as no client of ours would write it; answers what the server says. */
async function raw(port: number, operation: OperationName, payload: readonly TtlvPart[], { version = '1.4', header = [] }: { version?: KmipVersion; header?: readonly TtlvPart[] } = {}) {
  const message = structure(TAG.requestMessage, [
    structure(TAG.requestHeader, [protocolVersion(version), ...header, integer(TAG.batchCount, 1)]),
    structure(TAG.batchItem, [enumeration(TAG.operation, OPERATION[operation]), structure(TAG.requestPayload, payload)]),
  ]);
  const answer = await ask(pki, port, encodeItem(message));
  const { version: spoken, items } = decodeResponse(answer);
  return { version: spoken, status: items[0]?.status, reason: items[0]?.reason, payload: items[0]?.payload };
}

const gcm = (more: readonly TtlvPart[]): TtlvPart => structure(TAG.cryptographicParameters, [enumeration(TAG.blockCipherMode, BLOCK_CIPHER_MODE.GCM), ...more]);
const AES = enumeration(TAG.cryptographicAlgorithm, CRYPTOGRAPHIC_ALGORITHM.AES);
const TAG_16 = integer(TAG.tagLength, 16);
const IV = Buffer.alloc(12, 3);
const id = (keyId: string): TtlvPart => text(TAG.uniqueIdentifier, keyId);

async function revokeKey(port: number, uniqueIdentifier: string, asked: Omit<RevokeAsked, 'uniqueIdentifier'>): Promise<void> {
  await withServer(pki, port, (server) => server.ask(revoke, { uniqueIdentifier, ...asked }));
}

describe('versions', () => {
  it('PyKMIP refuses a newer one in a header of 1.0, and 2.0 is found', async () => {
    expect(await raw(python.port, 'Query', [enumeration(TAG.queryFunction, 1)], { version: '2.1' })).toMatchObject({ version: '1.0', reason: RESULT_REASON.InvalidMessage });
    expect((await withServer(pki, python.port, (server) => server.greeting())).version).toBe('2.0');
  });

  it('kmip-go speaks 1.4, and says that it has Re-key', async () => {
    const { version, operations } = await withServer(pki, go.port, (server) => server.greeting());
    expect(version).toBe('1.4');
    expect(operations).toContain('ReKey');
  });

  it('below 1.4 nothing is wrapped, and no key is sent', async () => {
    const keyId = await createKey(pki, old.port);
    const kms = kmipKms(pki, old.port, keyId);
    const error = await failureOf(wrapNew(kms));
    expect(isAppError(error, 'KMS_ACT_UNSUPPORTED') && error.details).toMatchObject({ version: '1.3', needed: '1.4' });
    const wrapped = await wrapNew(kmipKms(pki, go.port, await createKey(pki, go.port)));
    expect(await codeOf(kms.unwrap(wrapped, CONTEXT))).toBeNull();
    kms.close();
  });
});

describe('Encrypt at PyKMIP', () => {
  it.each([
    ['an IV', [gcm([AES, TAG_16])], []],
    ['the tag length', [gcm([AES])], [bytes(TAG.ivCounterNonce, IV)]],
    ['the algorithm', [gcm([TAG_16])], [bytes(TAG.ivCounterNonce, IV)]],
    ['the parameters', [], [bytes(TAG.ivCounterNonce, IV)]],
  ])('wants %s, which the console always sends', async (what, parameters, iv) => {
    const keyId = await createKey(pki, python.port);
    const { status, reason, payload } = await raw(python.port, 'Encrypt', [id(keyId), ...parameters, bytes(TAG.data, Buffer.alloc(32)), ...iv]);
    // It draws an IV by itself, which other servers do not.
    if (what === 'an IV') expect({ status, drawn: payload?.value.some((field) => field.tag === TAG.ivCounterNonce) }).toEqual({ status: 'Success', drawn: true });
    else expect(reason).toBe(RESULT_REASON.InvalidField);
  });

  it.each(['1.2', '1.3'] as const)('of %s can not bind a context, and loses the tag', async (version) => {
    const keyId = await createKey(pki, python.port);
    const bound = [id(keyId), gcm([AES, TAG_16]), bytes(TAG.data, Buffer.alloc(32)), bytes(TAG.ivCounterNonce, IV), bytes(TAG.authenticatedEncryptionAdditionalData, Buffer.from('x'))];
    expect((await raw(python.port, 'Encrypt', bound, { version })).reason).toBe(RESULT_REASON.InvalidMessage);
    expect(await tagless(python.port, keyId, version)).toBe('KMIP_AUTHENTICATION_TAG_INVALID');
  });

  it('of 1.2 and 1.3 loses the tag at kmip-go too', async () => {
    const keyId = await createKey(pki, go.port);
    for (const version of ['1.2', '1.3'] as const) expect(await tagless(go.port, keyId, version)).toBe('KMIP_AUTHENTICATION_TAG_INVALID');
  });

  async function tagless(port: number, uniqueIdentifier: string, version: KmipVersion): Promise<string | null> {
    using plain = randomSecret(32);
    const asked = { uniqueIdentifier, plain, iv: randomBytes(12), additionalData: new Uint8Array() };
    const answer = await ask(pki, port, encodeCall(encrypt, asked, { version }));
    return codeOf((async () => void readAnswer(encrypt, asked, version, answer))());
  }
});

describe('what does not belong together', () => {
  it.each([
    ['PyKMIP', () => python, 'GeneralFailure'],
    ['kmip-go', () => go, 'CryptographicFailure'],
  ] as const)('%s refuses another tag or context', async (_, peer, reason) => {
    const kms = kmipKms(pki, peer().port, await createKey(pki, peer().port));
    const wrapped = await wrapNew(kms);
    const bytesChanged = { ...wrapped, bytes: Uint8Array.from(wrapped.bytes, (byte) => byte ^ 1) };
    for (const refused of [() => kms.unwrap(bytesChanged, CONTEXT), () => kms.unwrap(wrapped, { ...CONTEXT, cluster: 'prod' })]) {
      const error = await failureOf(refused());
      expect(isAppError(error, 'KMS_CIPHERTEXT_REFUSED') && error.details?.['reason']).toBe(reason);
    }
    kms.close();
  });

  it('PyKMIP opens with a tag cut to 4 bytes; the console asks no server that', async () => {
    const kms = kmipKms(pki, python.port, await createKey(pki, python.port));
    const sealed = await raw(python.port, 'Encrypt', [id((await wrapNew(kms)).keyId), gcm([AES, TAG_16]), bytes(TAG.data, Buffer.alloc(32, 9)), bytes(TAG.ivCounterNonce, IV)]);
    const field = (tag: number): Uint8Array => sealed.payload?.value.find((each) => each.tag === tag)?.value as Uint8Array;
    const cut = [gcm([AES, integer(TAG.tagLength, 4)]), bytes(TAG.data, field(TAG.data)), bytes(TAG.ivCounterNonce, IV), bytes(TAG.authenticatedEncryptionTag, field(TAG.authenticatedEncryptionTag).subarray(0, 4))];
    expect((await raw(python.port, 'Decrypt', [id((await wrapNew(kms)).keyId), ...cut])).status).toBe('Success');
    const wrapped = await wrapNew(kms);
    const before = kms.endpoints()[0]?.requests;
    const parameters = { ...wrapped.parameters, tag: wrapped.parameters['tag']?.slice(0, 8) ?? '' };
    expect(await codeOf(kms.unwrap({ ...wrapped, parameters }, CONTEXT))).toBe('KMS_WRAPPING_MALFORMED');
    expect(kms.endpoints()[0]?.requests).toBe(before);
    kms.close();
  });
});

describe('rotation', () => {
  it('PyKMIP has no Re-key, so it is not offered', async () => {
    const keyId = await createKey(pki, python.port);
    expect(await withServer(pki, python.port, (server) => codeOf(server.ask(reKey, { uniqueIdentifier: keyId })))).toBe('KMS_ACT_UNSUPPORTED');
    const kms = kmipKms(pki, python.port, keyId);
    expect((await kms.acts.describe?.(keyId))?.acts).toEqual(['list', 'describe']);
    expect(kms.acts.rotateNow).toBeUndefined();
    kms.close();
  });

  it('kmip-go makes a new key, under which is wrapped from then on with the old KEY_ID', async () => {
    const keyId = await createKey(pki, go.port);
    const [kms, other] = [kmipKms(pki, go.port, keyId), kmipKms(pki, go.port, keyId)];
    const before = await wrapNew(kms);
    expect((await kms.acts.describe?.(keyId))?.acts).toContain('rotateNow');
    await kms.acts.rotateNow?.(keyId);
    await kms.acts.rotateNow?.((await wrapNew(kms)).keyId);
    const after = await wrapNew(kms);
    expect(after.keyId).not.toBe(keyId);
    expect((await wrapNew(other)).keyId).toBe(after.keyId);
    for (const wrapped of [before, after]) expect(await codeOf(other.unwrap(wrapped, CONTEXT))).toBeNull();
    expect(await codeOf(kms.acts.rotateNow?.(keyId) ?? Promise.resolve())).toBe('KMS_ACT_UNSUPPORTED');
    expect((await kms.acts.describe?.(keyId))?.acts).not.toContain('rotateNow');
    kms.close();
    other.close();
  });

  it('leaves a replacement alone that is revoked or gone', async () => {
    const keyId = await createKey(pki, go.port);
    const replacement = await withServer(pki, go.port, (server) => server.ask(reKey, { uniqueIdentifier: keyId }));
    const wrapsUnder = async (): Promise<string> => {
      const kms = kmipKms(pki, go.port, keyId);
      const { keyId: used } = await wrapNew(kms);
      kms.close();
      return used;
    };
    expect(await wrapsUnder()).toBe(replacement);
    await revokeKey(go.port, replacement, { reason: 'Superseded' });
    expect(await wrapsUnder()).toBe(keyId);
    await withServer(pki, go.port, (server) => server.ask(destroy, { uniqueIdentifier: replacement }));
    expect(await wrapsUnder()).toBe(keyId);
  });
});

describe.each(PEERS)('the state of a key at %s', (_, peer) => {
  it('is told when it is not active yet, and it can be activated', async () => {
    const keyId = await createKey(pki, peer().port, { active: false });
    const kms = kmipKms(pki, peer().port, keyId);
    expect(await codeOf(wrapNew(kms))).toBe('KMS_KEY_DISABLED');
    expect(await kms.acts.describe?.(keyId)).toMatchObject({ state: 'disabled', acts: ['list', 'describe', 'enable'] });
    await kms.acts.enable?.(keyId);
    expect(await codeOf(wrapNew(kms))).toBeNull();
    expect(await codeOf(kms.acts.enable?.(keyId) ?? Promise.resolve())).toBe('KMS_PERMISSION_DENIED');
    kms.close();
  });

  it.each([
    ['revoked', { reason: 'Unspecified' }, 'Deactivated'],
    ['revoked as compromised', { reason: 'KeyCompromise', compromisedAt: new Date() }, 'Compromised'],
  ] as const)('is told when it was %s: it neither wraps nor opens, for good', async (__, asked, state) => {
    const keyId = await createKey(pki, peer().port);
    const kms = kmipKms(pki, peer().port, keyId);
    const wrapped = await wrapNew(kms);
    await revokeKey(peer().port, keyId, asked);
    for (const refused of [() => wrapNew(kms), () => kms.unwrap(wrapped, CONTEXT)]) {
      const error = await failureOf(refused());
      expect(isAppError(error, 'KMS_KEY_UNAVAILABLE') && error.details).toMatchObject({ state, keyId });
    }
    expect(await kms.acts.describe?.(keyId)).toMatchObject({ state: 'unavailable', acts: ['list', 'describe'] });
    kms.close();
  });

  it('is gone when it was destroyed', async () => {
    const keyId = await createKey(pki, peer().port, { active: false });
    await withServer(pki, peer().port, (server) => server.ask(destroy, { uniqueIdentifier: keyId }));
    expect(await codeOf(wrapNew(kmipKms(pki, peer().port, keyId)))).toBe('KMS_KEY_NOT_FOUND');
  });

  it('Create and Activate make a key that can wrap, with the attributes that were asked', async () => {
    const state = await withServer(pki, peer().port, async (server) => {
      const uniqueIdentifier = await server.ask(create, {}, { repeatable: false });
      await server.ask(activate, { uniqueIdentifier }, { repeatable: false });
      return server.ask(getAttributes, { uniqueIdentifier });
    });
    expect(state).toMatchObject({ objectType: 'SymmetricKey', algorithm: 'AES', lengthBits: 256, usageMask: 0x0c, state: 'Active' });
  });
});

describe('a key that can not wrap', () => {
  it('is refused before it is asked: AES with 128 bits, or for signing alone', async () => {
    for (const [bits, usage] of [[128, 0x0c], [256, 0x03]] as const) {
      const attribute = (name: string, value: TtlvPart): TtlvPart => structure(TAG.attribute, [text(TAG.attributeName, name), value]);
      const made = await raw(python.port, 'Create', [
        enumeration(TAG.objectType, 2),
        structure(TAG.templateAttribute, [
          attribute('Cryptographic Algorithm', enumeration(TAG.attributeValue, CRYPTOGRAPHIC_ALGORITHM.AES)),
          attribute('Cryptographic Length', integer(TAG.attributeValue, bits)),
          attribute('Cryptographic Usage Mask', integer(TAG.attributeValue, usage)),
        ]),
      ]);
      const keyId = made.payload?.value.find(({ tag }) => tag === TAG.uniqueIdentifier)?.value as string;
      await withServer(pki, python.port, (server) => server.ask(activate, { uniqueIdentifier: keyId }));
      expect(await codeOf(wrapNew(kmipKms(pki, python.port, keyId)))).toBe('KMS_KEY_UNSUITABLE');
    }
  });
});

describe('a KEY_ID', () => {
  it('that can not be one is refused, and nobody is asked', async () => {
    for (const keyId of ['two\nlines', '\uD800', 'x'.repeat(1_025)]) {
      expect(await codeOf(wrapNew(kmipKms(pki, go.port, keyId)))).toBe('KMS_KEY_ID_INVALID');
    }
    for (const keyId of [null, '']) expect(await codeOf(wrapNew(kmipKms(pki, go.port, keyId)))).toBe('PROVIDER_NOT_CONFIGURED');
  });
});

describe('who asks', () => {
  it.each([
    ['PyKMIP', () => python, 'KMS_PERMISSION_DENIED'],
    ['kmip-go', () => go, 'KMS_KEY_NOT_FOUND'],
  ] as const)("%s does not give another identity's key", async (_, peer, code) => {
    const keyId = await createKey(pki, peer().port);
    const wrapped = await wrapNew(kmipKms(pki, peer().port, keyId));
    const bob = kmipKms(pki, peer().port, keyId, { tls: tlsOf(pki, pki.bob) });
    expect(await codeOf(wrapNew(bob))).toBe(code);
    expect(await codeOf(bob.unwrap(wrapped, CONTEXT))).toBe(code);
    bob.close();
  });

  it('PyKMIP does not look at user and password', async () => {
    const kms = kmipKms(pki, python.port, await createKey(pki, python.port), credential('wrong'));
    expect(await codeOf(wrapNew(kms))).toBeNull();
    kms.close();
  });

  it('kmip-go demands them; a server that repeats the password does not bring it into the error', async () => {
    const keyId = await createKey(pki, strict.port, credential());
    const right = kmipKms(pki, strict.port, keyId, credential());
    const wrapped = await wrapNew(right);
    right.close();
    for (const wrong of [credential(`${CREDENTIAL.password}-wrong`), {}]) {
      const kms = kmipKms(pki, strict.port, keyId, wrong);
      for (const refused of [() => wrapNew(kms), () => kms.unwrap(wrapped, CONTEXT)]) {
        const error = await failureOf(refused());
        expect(isAppError(error) && error.code).toBe('KMS_CREDENTIALS_WRONG');
        expect(isAppError(error) && JSON.stringify([error.message, error.remedy, error.details, error.stack, String(error.cause)])).not.toContain(CREDENTIAL.password);
      }
      kms.close();
    }
  });

  it('PyKMIP takes only certificates for clients', async () => {
    const kms = kmipKms(pki, python.port, '1', { tls: tlsOf(pki, pki.authority.sign('no-usage', [])) });
    expect(await codeOf(wrapNew(kms))).toBe('KMS_CREDENTIALS_WRONG');
    kms.close();
  });

  it.each(PEERS)('%s takes no client without a certificate', async (_, peer) => {
    const ended = await new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: peer().port, ca: readFileSync(pki.authority.ca) });
      socket.once('secureConnect', () => socket.write(Buffer.alloc(8)));
      socket.once('error', (error) => resolve(String((error as NodeJS.ErrnoException).code)));
      socket.once('end', () => resolve('end'));
      socket.resume();
    });
    expect(ended).toMatch(/^(ERR_SSL_.*|ECONNRESET|EPIPE|end)$/);
    const none = kmipKms(pki, peer().port, '1', { tls: { ...tlsOf(pki), cert: '', key: '' } });
    expect(await codeOf(wrapNew(none))).toBe('KMS_CREDENTIALS_MISSING');
    expect(none.endpoints()[0]?.circuit.failures).toBe(0);
    none.close();
  });
});

describe('PyKMIP', () => {
  it.each([
    ['120 s old', -120_000],
    ['60 s ahead', 60_000],
  ])('refuses a time stamp that is %s; the console sends none', async (_, off) => {
    const header = [dateTime(TAG.timeStamp, new Date(Date.now() + off))];
    expect((await raw(python.port, 'Query', [enumeration(TAG.queryFunction, 1)], { header })).reason).toBe(RESULT_REASON.InvalidMessage);
    using plain = randomSecret(32);
    const message = encodeCall(encrypt, { uniqueIdentifier: '1', plain, iv: IV, additionalData: new Uint8Array() }, { version: '1.4' });
    expect(inner(decodeItem(message) as TtlvStructure, TAG.requestHeader).value.map(({ tag }) => tag)).not.toContain(TAG.timeStamp);
  });

  it('refuses an answer beyond the size that is allowed: the console allows 1 MiB, as PyKMIP itself', async () => {
    const keyId = await createKey(pki, python.port);
    const header = [integer(TAG.maximumResponseSize, 1_024)];
    const large = [id(keyId), gcm([AES, TAG_16]), bytes(TAG.data, Buffer.alloc(2_048)), bytes(TAG.ivCounterNonce, IV)];
    expect((await raw(python.port, 'Encrypt', large, { header })).reason).toBe(RESULT_REASON.ResponseTooLarge);
  });
});
