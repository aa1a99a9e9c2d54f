import { wrapKey } from '../crypto/wrap.ts';
import { KMS_PROVIDERS, type KmsProviderName, type WrappedKey } from '../kms/provider.ts';
import { toStored } from '../kms/stored.ts';
import type { SecretBytes } from '../secret.ts';
import { generateJavaAes, type GenerateKey } from './generators.ts';
import { contextOf, providerOf, type Protectors } from './protectors.ts';
import type { Generator, Store } from './types.ts';

/** A new master key, its wrapped form, and what is stored of its wrapping. The holder disposes `key`. */
export interface MadeKey {
  readonly key: SecretBytes;
  readonly wrapped: Uint8Array;
  readonly wrapping: Readonly<Record<string, string>>;
}

/** Makes master keys by one generator and protects them by one store. */
export interface KeyMaker {
  /** `onGenerated` is told when the plain key is in memory. @throws AppError of the protection key's place or of the KMS */
  readonly make: (subject: { readonly name: string; readonly description: string }, onGenerated: () => void) => Promise<MadeKey>;
}

/**
 * Opens what is needed before anything is made.
 * @throws AppError `PROVIDER_NOT_CONFIGURED`, and what the KMS's settings lack
 */
export async function openMaker(protectors: Protectors, store: Store, generator: Generator, generate: GenerateKey = generateJavaAes): Promise<KeyMaker> {
  if (!isKmsStore(store)) return { make: (subject, onGenerated) => makeStriped(protectors, generate, subject, onGenerated) };
  const provider = await providerOf(protectors, store);
  const byKms = generator === 'AWS_KMS' ? provider.generate : undefined;
  return {
    make: async (subject, onGenerated) => {
      const context = contextOf(protectors, subject);
      if (byKms === undefined) {
        const key = generate();
        return ownedBy(key, () => {
          onGenerated();
          return provider.wrap(key, context);
        });
      }
      const { plain, wrapped } = await byKms.call(provider, context);
      return ownedBy(plain, () => {
        onGenerated();
        return Promise.resolve(wrapped);
      });
    },
  };
}

/** Whether a store is a KMS. */
export function isKmsStore(store: string): store is KmsProviderName {
  return KMS_PROVIDERS.some((provider) => provider === store);
}

/** The key goes to the caller with its wrapped form, or is zeroed. */
async function ownedBy(key: SecretBytes, wrap: () => Promise<WrappedKey>): Promise<MadeKey> {
  try {
    const wrapped = await wrap();
    return { key, wrapped: wrapped.bytes, wrapping: toStored(wrapped) };
  } catch (error) {
    key.dispose();
    throw error;
  }
}

async function makeStriped({ protection }: Protectors, generate: GenerateKey, subject: { readonly name: string; readonly description: string }, onGenerated: () => void): Promise<MadeKey> {
  const key = generate();
  try {
    onGenerated();
    const protectionKey = await protection.current();
    try {
      const wrapped = wrapKey(protectionKey.key, subject, key);
      await protection.record(subject.description, protectionKey);
      return { key, wrapped, wrapping: { kind: protection.kind, keyId: protectionKey.id } };
    } finally {
      protectionKey.key.dispose();
    }
  } catch (error) {
    key.dispose();
    throw error;
  }
}
