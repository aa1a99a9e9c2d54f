import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { AppError, isAppError, toFailure, type Failure } from '../../main/errors.ts';
import { MASTER_KEY_BYTES, type KmsContext, type KmsProvider, type WrappedKey } from '../../main/kms/provider.ts';
import type { SecretBytes } from '../../main/secret.ts';

export type RoundTripStepName = 'open' | 'describe' | 'generate' | 'wrap' | 'unwrap' | 'compare';

/** One step of a round trip; `ms` is how long it took. */
export interface RoundTripStep {
  readonly step: RoundTripStepName;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  readonly ms: number;
  readonly failure: Failure | null;
}

/** Says to the KMS, and to whoever reads its log, what the calls were for. */
const CONTEXT = { name: 'fkc-round-trip', description: 'fkc-round-trip' } as const;

/**
 * Asks a provider all that an activation and going live ask of it, with a random key that is thrown away: settings and
 * credentials, the state of the key, making a master key (where the KMS does that, else wrapping one), unwrapping, and that
 * the same came back. Nothing is stored. A step that fails is the last, except `describe`, whose permission the others do not need.
 * @param open opens the provider
 * @param keyId the key that it is configured with, for `describe`
 */
export async function roundTrip(open: () => Promise<KmsProvider>, keyId: string, cluster: string | null): Promise<RoundTripStep[]> {
  return new RoundTrip(open, keyId, { ...CONTEXT, cluster }).run();
}

class RoundTrip {
  readonly #open: () => Promise<KmsProvider>;
  readonly #keyId: string;
  readonly #context: KmsContext;
  readonly #steps: RoundTripStep[] = [];

  constructor(open: () => Promise<KmsProvider>, keyId: string, context: KmsContext) {
    this.#open = open;
    this.#keyId = keyId;
    this.#context = context;
  }

  async run(): Promise<RoundTripStep[]> {
    const kms = await this.#step('open', this.#open, () => 'settings and credentials were found');
    if (kms === null || !(await this.#describe(kms))) return this.#steps;
    await (kms.generate === undefined ? this.#wrapOne(kms) : this.#makeOne(kms, kms.generate));
    return this.#steps;
  }

  /** As an activation does where the KMS makes the master key: the permission to wrap is not needed for it. */
  async #makeOne(kms: KmsProvider, generate: NonNullable<KmsProvider['generate']>): Promise<void> {
    const made = await this.#step('generate', () => generate.call(kms, this.#context), ({ wrapped }) => wrappedWords(wrapped));
    if (made === null) return;
    using plain = made.plain;
    await this.#back(kms, made.wrapped, plain);
  }

  async #wrapOne(kms: KmsProvider): Promise<void> {
    using plain = randomSecret(MASTER_KEY_BYTES);
    const wrapped = await this.#step('wrap', () => kms.wrap(plain, this.#context), wrappedWords);
    if (wrapped !== null) await this.#back(kms, wrapped, plain);
  }

  async #back(kms: KmsProvider, wrapped: WrappedKey, expected: SecretBytes): Promise<void> {
    const back = await this.#step('unwrap', () => kms.unwrap(wrapped, this.#context), () => 'opened with the same context');
    if (back === null) return;
    using opened = back;
    await this.#step('compare', () => (fingerprintOf(opened) === fingerprintOf(expected) ? Promise.resolve() : Promise.reject(differs())), () => 'the same key came back');
  }

  /** @returns false where no wrapping is worth trying */
  async #describe(kms: KmsProvider): Promise<boolean> {
    const { describe } = kms.acts;
    if (describe === undefined) return true;
    const facts = await this.#step('describe', () => describe(this.#keyId), ({ state, location }) => `${state}, in ${location}`);
    return facts !== null || this.#steps.at(-1)?.failure?.code === 'KMS_PERMISSION_DENIED';
  }

  /** Null where it failed. */
  async #step<T>(step: RoundTripStepName, act: () => Promise<T>, detail: (answer: T) => string): Promise<T | null> {
    const began = performance.now();
    try {
      const answer = await act();
      this.#steps.push({ step, ok: true, detail: detail(answer), ms: performance.now() - began, failure: null });
      return answer;
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#steps.push({ step, ok: false, detail: '', ms: performance.now() - began, failure: toFailure(error, '') });
      return null;
    }
  }
}

function wrappedWords({ bytes, keyId, keyVersion, location }: WrappedKey): string {
  return `${bytes.length} bytes, under ${keyId}${keyVersion === null ? '' : ` version ${keyVersion}`} in ${location}`;
}

function differs(): AppError {
  return new AppError(
    'KEY_FINGERPRINT_MISMATCH',
    'The KMS answered another key than the one that it was given. Nothing was stored; no master key is to be wrapped by it.',
    'Do not activate with this KMS key. Ask who runs the KMS what stands between it and this machine.',
  );
}
