import {
  DisableKeyRotationCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import type { KmsKeyVersion, KmsRotation } from '../acts.ts';
import { answerInvalid } from './errors.ts';
import type { AwsPlace } from './keys.ts';
import type { AwsRegions } from './regions.ts';

/** AWS rotates once a year where no period is told. */
const DEFAULT_DAYS = 365;
const PAGE = 1000;
/** A key takes 25 rotations on demand and one in 90 days by itself: no key has more pages than this. */
const MOST_PAGES = 10;

/**
 * The key's materials, newest first, the first material included. A server that does not know IncludeKeyMaterial tells
 * of rotations alone.
 */
export async function versions(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<readonly KmsKeyVersion[]> {
  const request = { operation: 'ListKeyRotations', region, keyId };
  const found: KmsKeyVersion[] = [];
  for (let page = 0, Marker: string | undefined; ; page += 1) {
    const input = { KeyId: keyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL', Limit: PAGE, Marker } as const;
    const answer = await regions.ask(request, (client, options) => client.send(new ListKeyRotationsCommand(input), options));
    for (const { KeyMaterialId, KeyMaterialState, RotationDate, RotationType } of answer.Rotations ?? []) {
      found.push({ version: KeyMaterialId ?? '', current: KeyMaterialState === 'CURRENT', createdAt: RotationDate?.getTime() ?? null, cause: RotationType ?? null });
    }
    if (answer.Truncated !== true || answer.NextMarker === undefined) break;
    if (page === MOST_PAGES) throw answerInvalid('more pages than a key can have', request);
    Marker = answer.NextMarker;
  }
  return found.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
}

export async function rotation(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<KmsRotation> {
  const answer = await regions.ask({ operation: 'GetKeyRotationStatus', region, keyId }, (client, options) => client.send(new GetKeyRotationStatusCommand({ KeyId: keyId }), options));
  if (answer.KeyRotationEnabled !== true) return { everyDays: null, nextAt: null };
  return { everyDays: answer.RotationPeriodInDays ?? DEFAULT_DAYS, nextAt: answer.NextRotationDate?.getTime() ?? null };
}

export async function scheduleRotation(regions: AwsRegions, { region, keyId }: AwsPlace, everyDays: number | null): Promise<void> {
  if (everyDays === null) {
    await regions.ask({ operation: 'DisableKeyRotation', region, keyId }, (client, options) => client.send(new DisableKeyRotationCommand({ KeyId: keyId }), options));
    return;
  }
  const input = { KeyId: keyId, RotationPeriodInDays: everyDays };
  await regions.ask({ operation: 'EnableKeyRotation', region, keyId }, (client, options) => client.send(new EnableKeyRotationCommand(input), options));
}

/** Not repeated: each rotation is paid for, and a key takes 25 of them. */
export async function rotateNow(regions: AwsRegions, { region, keyId }: AwsPlace): Promise<void> {
  await regions.ask({ operation: 'RotateKeyOnDemand', region, keyId, repeatable: false }, (client, options) => client.send(new RotateKeyOnDemandCommand({ KeyId: keyId }), options));
}
