import type { KmsActs } from '../acts.ts';
import { factsOfKey, versionList } from './facts.ts';
import { type KeyParts } from './key-name.ts';
import { getKey, targetOf, versionsOf } from './keys.ts';
import { list, policy, tags } from './lists.ts';
import { rotateNow, rotation, scheduleRotation } from './rotation.ts';
import type { GcpServer } from './server.ts';
import { cancelDeletion, disable, enable, scheduleDeletion } from './version-states.ts';

/**
 * What Cloud KMS lets do with its keys: there are no aliases, grants or replicas. A key is named alone (then of the
 * configured key ring) or by its resource name; states are those of versions, so an act that changes them takes a
 * version's resource name as well.
 */
export function gcpActs(server: GcpServer, parts: KeyParts): KmsActs {
  const keyOf = (keyId: string): ReturnType<typeof targetOf>['key'] => targetOf(keyId, parts).key;
  return {
    list: () => list(server, parts),
    describe: async (keyId) => {
      const key = keyOf(keyId);
      const [found, versions] = await Promise.all([getKey(server, key), versionsOf(server, { key, version: null })]);
      return factsOfKey(key, found, versions);
    },
    versions: async (keyId) => {
      const key = keyOf(keyId);
      const [found, versions] = await Promise.all([getKey(server, key), versionsOf(server, { key, version: null })]);
      return versionList(found, versions);
    },
    rotation: async (keyId) => rotation(server, keyOf(keyId)),
    scheduleRotation: async (keyId, everyDays) => scheduleRotation(server, keyOf(keyId), everyDays),
    rotateNow: async (keyId) => rotateNow(server, keyOf(keyId)),
    enable: async (keyId) => enable(server, targetOf(keyId, parts)),
    disable: async (keyId) => disable(server, targetOf(keyId, parts)),
    scheduleDeletion: async (keyId, days) => scheduleDeletion(server, targetOf(keyId, parts), days),
    cancelDeletion: async (keyId) => cancelDeletion(server, targetOf(keyId, parts)),
    policy: async (keyId) => policy(server, keyOf(keyId)),
    tags: async (keyId) => tags(server, keyOf(keyId)),
  };
}
