import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, description, keyName, nothing, time } from './channel.ts';
import { kmsProvider as provider } from './kms-provider.ts';

const whyNot = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
const region = z.string().min(1).max(256);
const keyState = z.enum(['enabled', 'disabled', 'pending-deletion', 'pending-import', 'unavailable']);

const node = z.object({
  node: z.string(),
  file: z.string(),
  uses: z.array(
    z.object({
      provider,
      /** Region, location or host; null where config.ini leaves it to the surroundings. */
      region: region.nullable(),
      /** As config.ini names it. */
      key: z.string(),
      /** The key that it is; null where that is not known. */
      keyId: z.string().nullable(),
      whyNot: whyNot.nullable(),
    }),
  ),
  whyNot: whyNot.nullable(),
});

const copy = z.object({
  region,
  exists: z.enum(['yes', 'no', 'unknown']),
  state: keyState.nullable(),
  deletionAt: time.nullable(),
  rotatesEveryDays: count.nullable(),
  aliases: z.array(z.string()).nullable(),
  tags: z.record(z.string(), z.string()).nullable(),
  grants: count.nullable(),
});

const key = z.object({
  provider,
  key: z.string(),
  multiRegion: z.boolean(),
  primary: region.nullable(),
  nodes: z.array(z.string()),
  generations: count,
  instances: count,
  regions: z.array(copy),
  /** In what the copies differ, and which of them are alike. */
  differs: z.array(z.object({ code: z.string(), groups: z.array(z.object({ value: z.string(), places: z.array(region) })) })),
});

const place = z.object({
  provider,
  region,
  /** Why it was given up. */
  whyNot: whyNot.nullable(),
  medianMs: z.number().nonnegative().nullable(),
  requests: count,
  throttled: count,
});

const finding = z.object({
  severity: z.enum(['critical', 'warning', 'note']),
  code: z.string(),
  what: z.string(),
  where: z.object({ provider: provider.nullable(), key: z.string().nullable(), regions: z.array(z.string()), nodes: z.array(z.string()) }),
  remedy: z.string(),
});

export const regionAudit = z.object({
  /** When it ended. */
  at: time,
  nodes: z.array(node),
  keys: z.array(key),
  regions: z.array(place),
  findings: z.array(finding),
  requests: count,
  throttled: count,
  census: censusState,
});

const goingLive = z.enum(['whole', 'partly', 'not']);

export const outlook = z.object({
  nodes: z.array(z.object({ node: z.string(), now: goingLive, then: goingLive, inLostRegion: z.boolean(), loses: count, cannotActivate: z.boolean() })),
  generations: z.array(z.object({ name: keyName, description, active: z.boolean(), lostTo: z.enum(['all', 'some']), elsewhere: z.array(region), instances: count })),
  unreadable: count,
  partlyUnreadable: count,
  concerns: z.array(z.object({ region, key: z.string() })),
  /** What had to be assumed: nodes that could not be read are left out, copies that could not be asked are taken for usable. */
  unknown: z.object({ nodes: count, copies: count }),
  /** How old the counts of instances are. */
  census: censusState,
  /** When the audit ended that this rests on. */
  auditedAt: time,
});

export const regions = {
  /** What config.ini says of every node, and the last audit of this process; asks no KMS. */
  'regions.get': channel(nothing, z.object({ nodes: z.array(node), audit: regionAudit.nullable() })),
  /** Asks every KMS about every key, as a job. */
  'regions.audit': channel(nothing, z.object({ id: z.string() })),
  /** What would no longer work; rests on the last audit and asks no KMS. */
  'regions.whatIf': channel(z.object({ lost: region.optional(), disabled: z.string().min(1).max(2048).optional() }), outlook),
};

export type RegionAuditView = z.infer<typeof regionAudit>;
export type RegionNodeView = RegionAuditView['nodes'][number];
export type RegionKeyView = RegionAuditView['keys'][number];
export type RegionPlaceView = RegionAuditView['regions'][number];
export type RegionFindingView = RegionAuditView['findings'][number];
export type OutlookView = z.infer<typeof outlook>;
