import { z } from 'zod';
import { channel } from './channel.ts';

/** A file name that a page suggests: no path, nothing hidden. */
const suggestedName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/);

export const files = {
  /** What a page exports (a table, a picture): the host asks where it goes, or has a folder for it; null where the user chose none. */
  'files.save': channel(z.object({ name: suggestedName, base64: z.base64().max(96 * 1024 * 1024) }), z.object({ file: z.string().nullable() })),
};
