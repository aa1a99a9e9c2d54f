import { AppError } from '../errors.ts';
import { KMS_PROVIDERS, type KmsProviderName, type KmsWrapping } from './provider.ts';

/** Parameters stand beside the fixed fields under this prefix. */
const PARAMETER = 'parameter.';
const FIELDS = ['kind', 'provider', 'keyId', 'keyVersion', 'location'];
const LONGEST_TEXT = 2048;

/** What of a wrapping goes into the facts of a generation (`GenerationRecord.wrapping`): flat, texts alone. */
export function toStored(wrapping: KmsWrapping): Record<string, string> {
  return {
    kind: 'kms',
    provider: wrapping.provider,
    keyId: wrapping.keyId,
    ...(wrapping.keyVersion === null ? {} : { keyVersion: wrapping.keyVersion }),
    location: wrapping.location,
    ...Object.fromEntries(Object.entries(wrapping.parameters).map(([name, value]) => [`${PARAMETER}${name}`, value])),
  };
}

/** @throws AppError `KMS_WRAPPING_MALFORMED` for what {@link toStored} did not make. */
export function fromStored(stored: Readonly<Record<string, string>>): KmsWrapping {
  const provider = stored['provider'];
  const known = Object.keys(stored).every((key) => FIELDS.includes(key) || key.startsWith(PARAMETER));
  const bounded = Object.values(stored).every((value) => typeof value === 'string' && value.length <= LONGEST_TEXT);
  if (stored['kind'] !== 'kms' || !isProvider(provider) || !stored['keyId'] || !stored['location'] || !known || !bounded) {
    throw wrappingMalformed('what is stored of its KMS key is not what the console wrote');
  }
  return {
    provider,
    keyId: stored['keyId'],
    keyVersion: stored['keyVersion'] ?? null,
    location: stored['location'],
    parameters: Object.fromEntries(
      Object.entries(stored)
        .filter(([key]) => key.startsWith(PARAMETER))
        .map(([key, value]) => [key.slice(PARAMETER.length), value]),
    ),
  };
}

/** `KMS_WRAPPING_MALFORMED` */
export function wrappingMalformed(why: string): AppError {
  return new AppError(
    'KMS_WRAPPING_MALFORMED',
    `A master key can not be unwrapped: ${why}. No KMS was asked, and nothing was changed.`,
    'Restore the facts of this generation (k2auth.keys_descriptions) from a backup of the system database.',
  );
}

function isProvider(name: string | undefined): name is KmsProviderName {
  return KMS_PROVIDERS.some((known) => known === name);
}
