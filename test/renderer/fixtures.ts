import type { GenerationView } from '../../app/contract/keys.ts';

/** A generation as main describes it, with what a test does not care for filled in. */
export function generation(over: Partial<GenerationView> & { readonly activatedAt: number | null }): GenerationView {
  return {
    name: 'masterkey_key_name',
    description: `masterkey_key_name-${over.activatedAt}`,
    state: 'deactivated',
    fingerprint: '00112233',
    generator: 'Java_AES',
    store: 'Stripe_AES',
    wrapping: { kind: 'internal', keyId: 'p1' },
    createdAt: over.activatedAt ?? 0,
    deactivatedAt: null,
    actor: 'avery',
    reason: null,
    stripes: 61,
    instances: 0,
    bytes: 0,
    readable: true,
    failure: null,
    ...over,
  };
}

/** `count` generations of one name, `step` milliseconds each from 0; the last one is active. */
export function history(count: number, step: number, instances: (index: number) => number = () => 0): GenerationView[] {
  return Array.from({ length: count }, (_, index) =>
    generation({
      activatedAt: index * step,
      deactivatedAt: index === count - 1 ? null : (index + 1) * step,
      state: index === count - 1 ? 'active' : 'deactivated',
      instances: instances(index),
    }),
  );
}
