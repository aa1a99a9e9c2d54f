import { z } from 'zod';
import { channel, count, nothing, time } from './channel.ts';

export const auditRecord = z.object({
  seq: count,
  at: time,
  actor: z.string(),
  act: z.string(),
  object: z.string(),
  /** JSON text. */
  context: z.string(),
  outcome: z.enum(['started', 'done', 'refused', 'failed']),
  completes: count.nullable(),
  previous: z.string(),
  hash: z.string(),
});

export const auditVerification = z.object({
  records: count,
  intact: z.boolean(),
  head: z.string().nullable(),
  since: time.nullable(),
  /** The first record that does not hold, with what is wrong in words. */
  broken: z.object({ seq: count, code: z.string(), reason: z.string() }).nullable(),
});

export const audit = {
  'audit.list': channel(
    z.object({
      /** Newest first: records with a smaller seq than this. */
      before: count.optional(),
      limit: z.number().int().min(1).max(500),
      actor: z.string().max(512).optional(),
      act: z.string().max(200).optional(),
      /** Found in act, object, actor or context. */
      search: z.string().max(200).optional(),
    }),
    z.object({ records: z.array(auditRecord), more: z.boolean(), total: count }),
  ),
  'audit.get': channel(z.object({ seq: count }), auditRecord),
  'audit.verify': channel(nothing, auditVerification),
  /** Asks for a place with the host's save dialog; null where the user gave none. */
  'audit.export': channel(nothing, z.object({ file: z.string().nullable(), records: count })),
};

export type AuditRecordView = z.infer<typeof auditRecord>;
export type AuditVerification = z.infer<typeof auditVerification>;
