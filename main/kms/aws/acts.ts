import {
  CancelKeyDeletionCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ReplicateKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { AppError } from '../../errors.ts';
import { DELETION_DAYS, type KmsActs } from '../acts.ts';
import { answerInvalid } from './errors.ts';
import { facts, replicasOf } from './facts.ts';
import { importMaterial } from './import.ts';
import type { AwsKeys } from './keys.ts';
import { aliases, grants, list, policy, tags } from './lists.ts';
import type { AwsRegions } from './regions.ts';
import { rotateNow, rotation, scheduleRotation, versions } from './rotation.ts';

/** What AWS KMS lets do with its keys. A key is asked in the Region of its ARN, else in the configured one. */
export function awsActs(regions: AwsRegions, keys: AwsKeys): KmsActs {
  return {
    list: () => list(regions, keys),
    describe: async (keyId) => facts(await keys.describe(await keys.placeOf(keyId))),
    replicas: async (keyId) => replicasOf(await keys.describe(await keys.placeOf(keyId))),
    versions: async (keyId) => versions(regions, await keys.placeOf(keyId)),
    rotation: async (keyId) => rotation(regions, await keys.placeOf(keyId)),
    scheduleRotation: async (keyId, everyDays) => scheduleRotation(regions, await keys.placeOf(keyId), everyDays),
    rotateNow: async (keyId) => rotateNow(regions, await keys.placeOf(keyId)),
    aliases: async (keyId) => aliases(regions, await keys.placeOf(keyId)),
    policy: async (keyId) => policy(regions, await keys.placeOf(keyId)),
    grants: async (keyId) => grants(regions, await keys.placeOf(keyId)),
    tags: async (keyId) => tags(regions, await keys.placeOf(keyId)),
    importMaterial: async (keyId, material, expiresAt) => importMaterial(regions, await keys.placeOf(keyId), material, expiresAt),

    async enable(keyId) {
      const place = await keys.placeOf(keyId);
      await regions.ask({ operation: 'EnableKey', ...place }, (client, options) => client.send(new EnableKeyCommand({ KeyId: place.keyId }), options));
    },

    async disable(keyId) {
      const place = await keys.placeOf(keyId);
      await regions.ask({ operation: 'DisableKey', ...place }, (client, options) => client.send(new DisableKeyCommand({ KeyId: place.keyId }), options));
    },

    async scheduleDeletion(keyId, days) {
      checkWindow(days);
      const place = await keys.placeOf(keyId);
      const input = { KeyId: place.keyId, PendingWindowInDays: days };
      const answer = await regions.ask({ operation: 'ScheduleKeyDeletion', ...place, repeatable: false }, (client, options) => client.send(new ScheduleKeyDeletionCommand(input), options));
      return answer.DeletionDate?.getTime() ?? null;
    },

    async cancelDeletion(keyId) {
      const place = await keys.placeOf(keyId);
      await regions.ask({ operation: 'CancelKeyDeletion', ...place, repeatable: false }, (client, options) => client.send(new CancelKeyDeletionCommand({ KeyId: place.keyId }), options));
    },

    async replicate(keyId, location) {
      const place = await keys.placeOf(keyId);
      const request = { operation: 'ReplicateKey', ...place, repeatable: false };
      const answer = await regions.ask(request, (client, options) => client.send(new ReplicateKeyCommand({ KeyId: place.keyId, ReplicaRegion: location }), options));
      const made = answer.ReplicaKeyMetadata?.Arn;
      if (made === undefined) throw answerInvalid('no replica', request);
      return made;
    },
  };
}

function checkWindow(days: number): void {
  if (Number.isInteger(days) && days >= DELETION_DAYS.least && days <= DELETION_DAYS.most) return;
  throw new AppError(
    'INPUT_INVALID',
    `A deletion can be scheduled ${DELETION_DAYS.least} to ${DELETION_DAYS.most} days ahead, and not ${days}. No KMS was asked.`,
    `Give whole days from ${DELETION_DAYS.least} to ${DELETION_DAYS.most}; the longest is the safest.`,
  );
}
