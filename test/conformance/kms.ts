import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { isAppError } from '../../main/errors.ts';
import { actsOf } from '../../main/kms/acts.ts';
import { type KmsContext, MASTER_KEY_BYTES } from '../../main/kms/provider.ts';
import { fromStored, toStored } from '../../main/kms/stored.ts';
import { kmsActsConformance } from './kms-acts.ts';
import { codeOf, CONTEXT, failureOf, type KmsSubject, type OpenedKms, wrapNew } from './kms-subject.ts';

const OTHERS: readonly (readonly [what: string, context: KmsContext])[] = [
  ['name', { ...CONTEXT, name: 'k2_hash_key' }],
  ['key description', { ...CONTEXT, description: `${CONTEXT.description}0` }],
  ['cluster', { ...CONTEXT, cluster: 'prod' }],
  ['no cluster', { ...CONTEXT, cluster: null }],
];

/** The contract of `main/kms/provider.ts`, to be passed by every provider as it stands. */
export function kmsConformance(name: string, open: () => Promise<OpenedKms>): void {
  describe(`${name} keeps the contract of a KMS provider`, () => {
    let opened: OpenedKms;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened.close();
    });
    const subject: KmsSubject = {
      get opened() {
        return opened;
      },
    };
    wrapping(subject);
    generating(subject);
    kmsActsConformance(subject);
  });
}

function wrapping(subject: KmsSubject): void {
  it('unwraps what it wrapped, and leaves the plain key to its owner', async () => {
    const { provider } = subject.opened;
    using plain = randomSecret(MASTER_KEY_BYTES);
    const wrapped = await provider.wrap(plain, CONTEXT);
    expect(plain.disposed).toBe(false);
    using back = await provider.unwrap(wrapped, CONTEXT);
    expect(fingerprintOf(back)).toBe(fingerprintOf(plain));
    expect(plain.use((bytes) => Buffer.from(wrapped.bytes).includes(bytes))).toBe(false);
  });

  it('wraps the same key to other bytes each time', async () => {
    const { provider } = subject.opened;
    using plain = randomSecret(MASTER_KEY_BYTES);
    const [first, second] = [await provider.wrap(plain, CONTEXT), await provider.wrap(plain, CONTEXT)];
    expect(Buffer.from(first.bytes).equals(Buffer.from(second.bytes))).toBe(false);
  });

  it.each(OTHERS)('does not open under another %s', async (_, context) => {
    const { provider } = subject.opened;
    const wrapped = await wrapNew(provider);
    expect(await codeOf(provider.unwrap(wrapped, context))).toBe('KMS_CIPHERTEXT_REFUSED');
  });

  it('refuses wrapped bytes that were changed, cut or replaced', async () => {
    const { provider } = subject.opened;
    const wrapped = await wrapNew(provider);
    const flipped = Uint8Array.from(wrapped.bytes);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    for (const bytes of [flipped, wrapped.bytes.subarray(0, -1), new Uint8Array(0), new Uint8Array(100_000), Uint8Array.of(1)]) {
      expect(await codeOf(provider.unwrap({ ...wrapped, bytes }, CONTEXT))).toBe('KMS_CIPHERTEXT_REFUSED');
    }
  });

  it('refuses what another key wrapped', async () => {
    const { provider, another } = subject.opened;
    const other = await another();
    const [ours, theirs] = [await wrapNew(provider), await wrapNew(other)];
    expect(await codeOf(provider.unwrap({ ...ours, bytes: theirs.bytes }, CONTEXT))).toMatch(/^KMS_(KEY_MISMATCH|CIPHERTEXT_REFUSED)$/);
    other.close();
  });

  it('opens an old generation under its own key, whatever key is configured now', async () => {
    const { provider, another } = subject.opened;
    const other = await another();
    using plain = randomSecret(MASTER_KEY_BYTES);
    const wrapped = await provider.wrap(plain, CONTEXT);
    using back = await other.unwrap(wrapped, CONTEXT);
    expect(fingerprintOf(back)).toBe(fingerprintOf(plain));
    expect(wrapped.keyId).not.toBe((await wrapNew(other)).keyId);
    other.close();
  });

  it('opens from what the system database keeps', async () => {
    const { provider } = subject.opened;
    using plain = randomSecret(MASTER_KEY_BYTES);
    const wrapped = await provider.wrap(plain, CONTEXT);
    const kept = JSON.parse(JSON.stringify(toStored(wrapped))) as Record<string, string>;
    using back = await provider.unwrap({ ...fromStored(kept), bytes: wrapped.bytes }, CONTEXT);
    expect(fingerprintOf(back)).toBe(fingerprintOf(plain));
  });

  it('stores no credential', async () => {
    const { provider, secrets } = subject.opened;
    const stored = JSON.stringify(toStored(await wrapNew(provider)));
    for (const secret of secrets) expect(stored).not.toContain(secret);
  });

  it('takes keys of the length of a master key alone', async () => {
    using short = randomSecret(16);
    expect(await codeOf(subject.opened.provider.wrap(short, CONTEXT))).toBe('INPUT_INVALID');
  });

  it('refuses what it did not store', async () => {
    const { provider } = subject.opened;
    const wrapped = await wrapNew(provider);
    const other = provider.name === 'AWS_KMS' ? 'GCP_KMS' : 'AWS_KMS';
    for (const changed of [{ ...wrapped, provider: other } as const, { ...wrapped, keyId: 'x' }]) {
      expect(await codeOf(provider.unwrap(changed, CONTEXT))).toBe('KMS_WRAPPING_MALFORMED');
    }
  });

  it('says that a key does not exist, and shows no credential', async () => {
    const missing = subject.opened.missing();
    const error = await failureOf(wrapNew(missing));
    expect(isAppError(error) && error.code).toBe('KMS_KEY_NOT_FOUND');
    const shown = isAppError(error) ? JSON.stringify([error.message, error.remedy, error.details, error.stack, String(error.cause)]) : '';
    for (const secret of subject.opened.secrets) expect(shown).not.toContain(secret);
    missing.close();
  });

  it('tells of each place that it asked', async () => {
    await wrapNew(subject.opened.provider);
    const [state] = subject.opened.provider.endpoints();
    expect(state?.requests).toBeGreaterThan(0);
    expect(state?.latency.medianMs).toBeGreaterThan(0);
    expect(state?.circuit.state).toBe('closed');
  });
}

function generating(subject: KmsSubject): void {
  it('generates keys that open again, each another one; or makes none', async () => {
    const { provider } = subject.opened;
    if (provider.generate === undefined) return;
    const first = await provider.generate(CONTEXT);
    const second = await provider.generate(CONTEXT);
    using back = await provider.unwrap(first.wrapped, CONTEXT);
    expect(first.plain.length).toBe(MASTER_KEY_BYTES);
    expect(fingerprintOf(back)).toBe(fingerprintOf(first.plain));
    expect(fingerprintOf(second.plain)).not.toBe(fingerprintOf(first.plain));
    expect(await codeOf(provider.unwrap(first.wrapped, { ...CONTEXT, cluster: 'prod' }))).toBe('KMS_CIPHERTEXT_REFUSED');
    first.plain.dispose();
    second.plain.dispose();
  });

  it('names its acts, and has each that it names', () => {
    const { acts } = subject.opened.provider;
    expect(actsOf(acts).toSorted()).toEqual(Object.keys(acts).toSorted());
    for (const act of actsOf(acts)) expect(typeof acts[act]).toBe('function');
  });
}
