import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, description, failure, keyName, nothing, time } from './channel.ts';

export const generation = z.object({
  name: keyName,
  description,
  state: z.enum(['pre-active', 'active', 'deactivated']),
  fingerprint: z.string(),
  generator: z.string(),
  store: z.string(),
  /** Facts of the wrapping: kind of protection and its key id. */
  wrapping: z.record(z.string(), z.string()),
  createdAt: time,
  activatedAt: time.nullable(),
  /** When the next generation of the name took over. */
  deactivatedAt: time.nullable(),
  actor: z.string(),
  reason: z.string().nullable(),
  stripes: count,
  /** From the census: what still needs this generation. */
  instances: count,
  bytes: count,
  /** Whether this process holds it ready; the failure says why not. */
  readable: z.boolean(),
  failure: failure.nullable(),
});

export const generationDetail = generation.extend({
  /** How old and how complete these counts are. */
  census: censusState,
  instancesByLu: z.array(z.object({ lu: z.string(), instances: count, bytes: count })),
  stripesFound: count,
  audit: z.array(z.object({ seq: count, at: time, act: z.string(), actor: z.string(), outcome: z.string() })),
});

/** A campaign that ended, with what it did. */
export const finishedRekey = z.object({
  campaign: z.string(),
  target: description,
  rewritten: count,
  /** Its second census found nothing left to do. */
  proven: z.boolean(),
  /** What that census found left; null of a campaign over field values, whose page tells what its columns hold. */
  left: count.nullable(),
  failures: count,
});

/** A key of a KMS that was acted on. */
export const kmsMark = z.object({
  provider: z.string(),
  keyId: z.string(),
  /** Of a scheduled deletion: when the KMS said that it will be gone. */
  deletionAt: time.nullable(),
});

export const keyMark = z.object({
  at: time,
  kind: z.enum(['activation', 'protection-rotated', 'keystore-enabled', 'rekey', 'kms-disabled', 'kms-enabled', 'kms-rotated', 'kms-deletion-scheduled', 'kms-deletion-cancelled']),
  /** The key name in whose lane it stands; null where it concerns all. */
  name: keyName.nullable(),
  label: z.string(),
  /** Who did it; null of a rekey, on which several may work. */
  actor: z.string().nullable(),
  /** The audit record that tells of it, where one does. */
  record: count.nullable(),
  /** Of a rekey: the campaign that ended then, and the generation that it worked for. */
  rekey: finishedRekey.nullable(),
  /** Of an act on a key of a KMS. */
  kms: kmsMark.nullable(),
});

export const verification = z.object({
  checked: count,
  readable: count,
  unreadable: z.array(z.object({ description: z.string(), code: z.string(), message: z.string(), remedy: z.string() })),
  /** Stripes or descriptions that belong to no activation: left by a crash, safe to remove. */
  orphans: z.array(z.string()),
});

export const keys = {
  'keys.list': channel(nothing, z.object({ keys: z.array(generation), marks: z.array(keyMark), names: z.array(keyName), census: censusState })),
  'keys.get': channel(z.object({ description }), generationDetail),
  'keys.verify': channel(z.object({ description: description.optional() }), verification),
  'keys.removeOrphans': channel(z.object({ dryRun: z.boolean() }), z.object({ orphans: z.array(z.string()), removed: z.boolean() })),
};

export type GenerationView = z.infer<typeof generation>;
export type GenerationDetail = z.infer<typeof generationDetail>;
export type KeyMark = z.infer<typeof keyMark>;
export type Verification = z.infer<typeof verification>;
