import { fingerprintOf } from '../crypto/fingerprint.ts';
import { AppError, isAppError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { SecretBytes } from '../secret.ts';
import type { GenerationRecord } from '../systemdb/repositories.ts';
import { newKeyDescription } from './description.ts';
import type { GenerateKey } from './generators.ts';
import { openMaker, type KeyMaker } from './make.ts';
import { removeOrphan } from './orphans.ts';
import type { Protectors } from './protectors.ts';
import { assertStorable, storeStripes, stripeCount } from './stripes.ts';
import type { Generator, Store } from './types.ts';
import { unwrapGeneration } from './unwrap.ts';

/** The steps of an activation, in order; `lost` and `failed` end it early. */
export type ActivationStep =
  | 'generated'
  | 'wrapped'
  | 'stored'
  | 'read-back'
  | 'verified'
  | 'described'
  | 'active'
  | 'lost'
  | 'failed';

export interface ActivationProgress {
  readonly step: ActivationStep;
  readonly name: string;
  readonly description: string;
  readonly stripes: { readonly stored: number; readonly total: number } | null;
}

export interface ActivationRequest {
  readonly name: string;
  readonly generator: Generator;
  readonly store: Store;
  readonly actor: string;
  readonly reason: string | null;
}

export interface ActivationContext extends Protectors {
  readonly generate?: GenerateKey;
  readonly now?: () => number;
  readonly onProgress?: (progress: ActivationProgress) => void;
  /** Takes over the plain key of the new active generation, so that nobody has to be asked for it again. */
  readonly keep?: (description: string, key: SecretBytes) => void;
}

export interface ActivationResult {
  readonly name: string;
  readonly description: string;
  readonly previous: string | null;
  readonly fingerprint: string;
}

/**
 * Makes a new generation of a master key and makes it active. Crash-safe: stripes, read back and unwrapped (by the KMS,
 * where one wrapped it) to verify, then the description, then the active pointer by compare-and-set; a crash before the last step leaves the old
 * generation active, and at most orphans (see `findOrphans`).
 *
 * @throws AppError `KEY_ACTIVATION_LOST` where another process activated the same name first;
 * `PROVIDER_NOT_CONFIGURED`, before anything is made; whatever a store, a KMS or the database throws. In each case the old generation is still the active one.
 */
export async function activateKey(context: ActivationContext, request: ActivationRequest): Promise<ActivationResult> {
  const { db } = context;
  const now = context.now ?? Date.now;
  const maker = await openMaker(context, request.store, request.generator, context.generate);
  const previous = await db.keys.active(request.name);
  const existing = (await db.keys.list()).map((generation) => generation.description);
  const description = newKeyDescription(request.name, now(), existing);
  const report = (step: ActivationStep, stripes: ActivationProgress['stripes'] = null): void =>
    context.onProgress?.({ step, name: request.name, description, stripes });

  let kept: SecretBytes | null = null;
  try {
    const { generation, key } = await makeGeneration(context, request, maker, description, report);
    kept = key;
    await db.keys.insert(generation);
    report('described');
    failPoint('activate:described');
    // From here on the facts hold the stripes in place; that they were there before is proved by their being there now.
    if ((await db.stripes.read(description)).length !== generation.stripes) throw cleanedUp(request.name);
    const activation = { name: request.name, revision: (previous?.revision ?? 0) + 1, description, activatedAt: now() };
    const won = await db.keys.activate(activation).catch((error: unknown) => {
      throw isAppError(error, 'KEY_DESCRIPTION_UNKNOWN') ? cleanedUp(request.name) : error;
    });
    if (!won) {
      report('lost');
      throw new AppError(
        'KEY_ACTIVATION_LOST',
        `Another activation of "${request.name}" was first. The key made here was not activated and protects nothing; the other one is active.`,
        'Look at the active generation now, and run the command again only if yet another one is wanted.',
        { details: { name: request.name } },
      );
    }
    failPoint('activate:active');
    report('active');
    context.keep?.(description, key.clone());
    return { name: request.name, description, previous: previous?.description ?? null, fingerprint: generation.fingerprint };
  } catch (error) {
    if (!isAppError(error, 'KEY_ACTIVATION_LOST')) report('failed');
    // Stripes or facts that stood there before are another activation's: never touch them.
    // What can not be removed now is reported by `keys verify`; the failure that brought us here is the one to tell.
    if (!isAppError(error, 'KEY_DESCRIPTION_EXISTS')) await removeOrphan(db, description).catch(() => undefined);
    throw error;
  } finally {
    kept?.dispose();
  }
}

/** The new generation, stored and verified, and its plain key as it was read back; the caller owns it. */
async function makeGeneration(
  context: ActivationContext,
  request: ActivationRequest,
  maker: KeyMaker,
  description: string,
  report: (step: ActivationStep, stripes?: ActivationProgress['stripes']) => void,
): Promise<{ generation: GenerationRecord; key: SecretBytes }> {
  const { db } = context;
  const made = await maker.make({ name: request.name, description }, () => {
    report('generated');
    failPoint('activate:generated');
  });
  using key = made.key;
  const { wrapped, wrapping } = made;
  assertStorable(wrapped.length);
  const generation: GenerationRecord = {
    name: request.name,
    description,
    generator: request.generator,
    store: request.store,
    fingerprint: fingerprintOf(key),
    stripes: stripeCount(wrapped.length),
    wrapping: { ...wrapping },
    createdAt: (context.now ?? Date.now)(),
    actor: request.actor,
    reason: request.reason,
  };
  report('wrapped');
  failPoint('activate:wrapped');

  await storeStripes(db.stripes, description, wrapped, (stored, total) => report('stored', { stored, total }));
  failPoint('activate:stored');

  const back = await unwrapGeneration(context, generation);
  try {
    report('read-back');
    report('verified');
    failPoint('activate:verified');
  } catch (error) {
    back.key.dispose();
    throw error;
  }
  return { generation, key: back.key };
}

function cleanedUp(name: string): AppError {
  return new AppError(
    'KEY_ACTIVATION_LOST',
    `The parts of this activation of "${name}" were cleaned up as orphans before it came to its end. It was not activated; the old key stays active.`,
    'See why it took so long (a slow system database, a clock that jumped, a machine that slept), then run the command again.',
    { details: { name } },
  );
}
