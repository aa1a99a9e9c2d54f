import { z } from 'zod';

/** One column of a table of an LU that holds values of field level encryption. */
export const fieldRef = z.strictObject({ lu: z.string().min(1), table: z.string().min(1), column: z.string().min(1) });
export type FieldRef = z.infer<typeof fieldRef>;

const count = z.int().nonnegative();

/** Values of one column under one generation; a value counts once in an instance, however many rows have it. */
export const fieldCount = fieldRef.extend({ keyDescription: z.string(), instances: count, values: count });
export type FieldCount = z.infer<typeof fieldCount>;

/** How a campaign over fields ended. It tells of the named columns, in the instances that are stored, and of nothing else. */
export const fieldProof = z.strictObject({
  /** What the columns held when they were read anew after the work, by generation. */
  columns: z.array(fieldCount),
  /** Values under another generation than the one that was active at the end. */
  left: count,
  /** Instances that could not be opened then, or whose columns hold something else: what is in them is not known. */
  unread: count,
  /** Values that were re-encrypted, by the generation that they had. */
  renewed: z.array(z.strictObject({ keyDescription: z.string(), values: count })),
  /** Entries in the list of failures, by the generation of the instance. */
  failed: z.array(z.strictObject({ keyDescription: z.string(), instances: count })),
});
export type FieldProof = z.infer<typeof fieldProof>;
