import { z } from 'zod';
import { channel, count, done, nothing, typedName } from './channel.ts';

export const profileView = z.object({
  name: z.string(),
  sqlite: z.string(),
  keystore: z.string().nullable(),
  fips: z.boolean(),
  production: z.boolean(),
  /** The profile that the window shows. */
  current: z.boolean(),
});

export const preferences = z.object({
  theme: z.enum(['system', 'light', 'dark', 'high-contrast']),
  /** Minutes without input after which plain keys are zeroed; 0: never. */
  idleMinutes: z.number().int().min(0).max(1440),
});

/** What a change of the protection would do and touch, shown before it is done. */
export const blastRadius = z.object({
  steps: z.array(z.string()),
  generations: count,
  instances: count,
  censusAt: z.number(),
  wayBack: z.string(),
  /** What has to be typed to confirm. */
  confirm: z.string(),
  warnings: z.array(z.string()),
});

const newProfile = z.object({
  name: z.string().min(1).max(64),
  sqlite: z.string().min(1).max(4096),
  keystore: z.string().max(4096).optional(),
  keystorePassword: z.string().max(1024).optional(),
  fips: z.boolean(),
  production: z.boolean(),
});

export const settings = {
  'profiles.list': channel(nothing, z.object({ profiles: z.array(profileView) })),
  'profiles.create': channel(newProfile, done),
  /** Closes the current profile (its keys are zeroed) and opens the other. */
  'profiles.select': channel(z.object({ name: typedName }), done),
  'preferences.get': channel(nothing, preferences),
  'preferences.set': channel(preferences, done),
  'keystore.planEnable': channel(z.object({ file: z.string().min(1).max(4096) }), blastRadius),
  'keystore.enable': channel(
    z.object({ file: z.string().min(1).max(4096), password: z.string().min(1).max(1024), confirm: typedName }),
    z.object({ description: z.string() }),
  ),
  'keystore.planRotate': channel(nothing, blastRadius),
  'keystore.rotate': channel(z.object({ confirm: typedName }), z.object({ fingerprint: z.string(), description: z.string() })),
  /** The host's file dialog; null where the user chose none. */
  'dialog.chooseFile': channel(z.object({ purpose: z.enum(['keystore', 'database']), create: z.boolean() }), z.object({ file: z.string().nullable() })),
};

export type ProfileView = z.infer<typeof profileView>;
export type Preferences = z.infer<typeof preferences>;
export type BlastRadius = z.infer<typeof blastRadius>;
