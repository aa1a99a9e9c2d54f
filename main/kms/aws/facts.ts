import type { KeyMetadata, KeyState } from '@aws-sdk/client-kms';
import type { KmsAct, KmsKeyFacts, KmsKeyState, KmsReplicas } from '../acts.ts';
import { readKeyArn } from './key-reference.ts';
import { canWrap } from './keys.ts';

type Described = KeyMetadata & { readonly Arn: string };

const STATES: Readonly<Record<KeyState, KmsKeyState>> = {
  Enabled: 'enabled',
  Disabled: 'disabled',
  PendingDeletion: 'pending-deletion',
  PendingReplicaDeletion: 'pending-deletion',
  PendingImport: 'pending-import',
  Creating: 'unavailable',
  Updating: 'unavailable',
  Unavailable: 'unavailable',
};

/** What DescribeKey says of a key. */
export function facts(key: Described): KmsKeyFacts {
  return {
    keyId: key.Arn,
    // A state that AWS adds one day is none that can be used here.
    state: (key.KeyState === undefined ? undefined : STATES[key.KeyState]) ?? 'unavailable',
    location: readKeyArn(key.Arn)?.region ?? '',
    note: key.Description ?? '',
    createdAt: key.CreationDate?.getTime() ?? null,
    deletionAt: key.DeletionDate?.getTime() ?? null,
    origin: key.Origin ?? '',
    materialExpiresAt: key.ValidTo?.getTime() ?? null,
    replacedBy: null,
    canWrap: canWrap(key),
    multiRegion: key.MultiRegion === true,
    acts: actsOfKey(key),
  };
}

/** Null for a key of one Region. */
export function replicasOf(key: Described): KmsReplicas | null {
  const { PrimaryKey, ReplicaKeys = [] } = key.MultiRegionConfiguration ?? {};
  if (PrimaryKey?.Arn === undefined) return null;
  const named = ({ Arn = '', Region = '' }: { Arn?: string | undefined; Region?: string | undefined }): { keyId: string; location: string } => ({ keyId: Arn, location: Region });
  return { primary: named(PrimaryKey), replicas: ReplicaKeys.map(named) };
}

const READING: readonly KmsAct[] = ['list', 'describe', 'versions', 'rotation', 'aliases', 'policy', 'grants', 'tags', 'replicas'];

/**
 * AWS KMS Developer Guide: "Key states of AWS KMS keys", "Rotate AWS KMS keys" (symmetric keys with material of AWS, at
 * the primary where there are replicas), "Importing key material". Keys that AWS manages can only be looked at.
 */
function actsOfKey(key: Described): readonly KmsAct[] {
  if (key.KeyManager === 'AWS') return READING;
  const isReplica = key.MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA';
  const isPrimary = key.MultiRegionConfiguration?.MultiRegionKeyType === 'PRIMARY';
  const canRotate = canWrap(key) && key.Origin === 'AWS_KMS' && !isReplica;
  const imported: readonly KmsAct[] = key.Origin === 'EXTERNAL' ? ['importMaterial'] : [];
  switch (key.KeyState) {
    case 'Enabled':
      return [...READING, 'disable', 'scheduleDeletion', ...imported, ...(canRotate ? (['scheduleRotation', 'rotateNow'] as const) : []), ...(isPrimary ? (['replicate'] as const) : [])];
    case 'Disabled':
      return [...READING, 'enable', 'scheduleDeletion', ...imported];
    case 'PendingImport':
      return [...READING, 'scheduleDeletion', ...imported];
    case 'PendingDeletion':
    case 'PendingReplicaDeletion':
      return [...READING, 'cancelDeletion'];
    case 'Unavailable':
      return [...READING, 'scheduleDeletion'];
    default:
      return READING;
  }
}
