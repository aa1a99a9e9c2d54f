import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, description, failure, keyName, nothing, time, typedName } from './channel.ts';
import { kmsProvider as provider } from './kms-provider.ts';

const keyId = z.string().min(1).max(2048);
const whyNot = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
const keyState = z.enum(['enabled', 'disabled', 'pending-deletion', 'pending-import', 'unavailable']);
export const kmsAct = z.enum(['enable', 'disable', 'rotate', 'schedule-deletion', 'cancel-deletion']);

const endpoint = z.object({
  location: z.string(),
  circuit: z.enum(['closed', 'open', 'probing']),
  /** Of the first failure in a row; null while the last answer was good. */
  failingSince: time.nullable(),
  retryAt: time.nullable(),
  last: z.object({ code: z.string(), message: z.string() }).nullable(),
  medianMs: z.number().nonnegative().nullable(),
  p95Ms: z.number().nonnegative().nullable(),
  requests: count,
  retries: count,
  throttled: count,
});

const providerView = z.object({
  provider,
  /** The key that config.ini of the first node names for new master keys; null where it names none. */
  configured: z.object({ keyId: z.string(), location: z.string().nullable() }).nullable(),
  endpoints: z.array(endpoint),
  acts: z.array(kmsAct),
  /** `unknown` until it was asked. */
  answers: z.enum(['yes', 'no', 'unknown']),
  /** Why it does not, and since when that was seen. */
  failure: whyNot.nullable(),
  since: time.nullable(),
  /** What a process that starts now could not read, because a key of this provider does not unwrap. */
  lostAtRestart: z.object({ generations: count, instances: count }),
  /** Why its keys could not be listed; those that a generation or a node names are shown all the same. */
  listing: whyNot.nullable(),
  /** It has more keys than were looked at. */
  more: z.boolean(),
});

const keyRow = z.object({
  provider,
  /** How the KMS is asked for it. */
  keyId,
  /** Short enough to be typed; not unique. */
  name: z.string(),
  state: keyState.nullable(),
  /** Why its state is not known. */
  whyNot: whyNot.nullable(),
  location: z.string().nullable(),
  multiRegion: z.boolean(),
  note: z.string(),
  createdAt: time.nullable(),
  deletionAt: time.nullable(),
  aliases: z.array(z.string()).nullable(),
  versions: count.nullable(),
  rotation: z.object({ everyDays: z.number().positive().nullable(), nextAt: time.nullable() }).nullable(),
  /** The acts that it allows now. */
  acts: z.array(kmsAct),
  /** Whether master keys can be wrapped by it at all; null while that is not known. */
  canWrap: z.boolean().nullable(),
  /** The first node's config.ini names it for new master keys. */
  configured: z.boolean(),
  generations: count,
  instances: count,
  nodes: z.array(z.string()),
  regions: z.array(z.string()),
});

const wrapped = z.object({ name: keyName, description, state: z.enum(['pre-active', 'active', 'deactivated']), version: z.string().nullable(), location: z.string(), activatedAt: time.nullable(), deactivatedAt: time.nullable(), instances: count });
const byLu = z.array(z.object({ lu: z.string(), instances: count, bytes: count }));

export const kmsKeyDetail = keyRow.extend({
  origin: z.string().nullable(),
  materialExpiresAt: time.nullable(),
  /** Key ID of the key that stands in its place by now (KMIP Re-key). */
  replacedBy: z.string().nullable(),
  /** Newest first; null where the KMS does not tell. */
  versionList: z.array(z.object({ version: z.string(), current: z.boolean(), createdAt: time.nullable(), cause: z.string().nullable(), state: keyState.nullable() })).nullable(),
  wraps: z.array(wrapped),
  byLu,
  /** Of the wrapped generations, those whose plain key this process holds. */
  held: count,
  /** Since when it was seen not to unwrap, and why. */
  failing: z.object({ since: time, failure: whyNot }).nullable(),
  census: censusState,
  audit: z.array(z.object({ seq: count, at: time, act: z.string(), outcome: z.string() })),
});

export const kmsOverview = z.object({
  providers: z.array(providerView),
  keys: z.array(keyRow),
  census: censusState,
  /** When the KMSs had been asked; null before the first time. */
  askedAt: time.nullable(),
  /** They are being asked right now: what is not known yet will come. */
  asking: z.boolean(),
});

export const kmsPlan = z.object({
  act: kmsAct,
  provider,
  keyId,
  name: z.string(),
  state: keyState.nullable(),
  /** Why it would not be done. */
  refusal: failure.nullable(),
  steps: z.array(z.string()),
  generations: z.array(wrapped),
  instances: count,
  byLu,
  nodes: z.array(z.string()),
  regions: z.array(z.string()),
  census: censusState,
  wayBack: z.string(),
  warnings: z.array(z.string()),
  /** What has to be typed; null where a click is enough. */
  confirm: z.object({ text: z.string(), what: z.string() }).nullable(),
  /** The window of a deletion. */
  days: count.nullable(),
});

export const kmsTest = z.object({
  provider,
  keyId: z.string().nullable(),
  ok: z.boolean(),
  steps: z.array(z.object({ step: z.enum(['open', 'describe', 'generate', 'wrap', 'unwrap', 'compare']), ok: z.boolean(), detail: z.string(), ms: z.number().nonnegative(), failure: failure.nullable() })),
});

/** Which credentials AWS is asked with; never a secret. */
export const awsCredentials = z.object({
  /** `config`: this machine's config.ini, which goes first; `keychain` and `memory`: given here; `chain`: the SDK's own. */
  source: z.enum(['config', 'keychain', 'memory', 'chain']),
  /** Its first and last characters; null where it is not known. */
  accessKeyId: z.string().nullable(),
  /** With a session token. */
  temporary: z.boolean(),
  /** What was given here and is kept, used or not. */
  kept: z.enum(['keychain', 'memory']).nullable(),
  /** What is given is sealed by the keychain of the operating system; else it is held in memory until the console is locked. */
  seals: z.boolean(),
  /** Why they can not be used. */
  failure: whyNot.nullable(),
});

/** Printable, and no blanks: what AWS gives out has none. */
const secretText = (longest: number): z.ZodString => z.string().min(1).max(longest).regex(/^[\x21-\x7e]+$/);
const givenCredentials = z.object({ accessKeyId: z.string().min(1).max(128).regex(/^\w+$/), secretAccessKey: secretText(256), sessionToken: secretText(16_384).optional() });

const ofKey = z.object({ provider, keyId });
const request = ofKey.extend({ act: kmsAct, days: z.number().int().min(1).max(3650).optional() });

export const kms = {
  /** Providers and keys; asks the KMSs where that was long ago, and does not wait for slow ones. */
  'kms.get': channel(nothing, kmsOverview),
  /** Asks the KMS about one key. */
  'kms.key': channel(ofKey, kmsKeyDetail),
  /** Wraps and unwraps a random key that is thrown away. */
  'kms.test': channel(z.object({ provider: provider.optional() }), z.object({ tests: z.array(kmsTest) })),
  /** What an act would do and touch; takes a census first where the standing one is too old for it. */
  'kms.plan': channel(request, kmsPlan),
  'kms.act': channel(request.extend({ confirm: typedName }), z.object({ state: keyState.nullable(), deletionAt: time.nullable() })),
  'kms.credentials': channel(nothing, awsCredentials),
  /** The secrets cross once, towards main. */
  'kms.giveCredentials': channel(givenCredentials, awsCredentials),
  'kms.forgetCredentials': channel(nothing, awsCredentials),
};

export type KmsActName = z.infer<typeof kmsAct>;
export type KmsOverviewView = z.infer<typeof kmsOverview>;
export type KmsProviderView = KmsOverviewView['providers'][number];
export type KmsKeyView = KmsOverviewView['keys'][number];
export type KmsKeyDetailView = z.infer<typeof kmsKeyDetail>;
export type KmsPlanView = z.infer<typeof kmsPlan>;
export type AwsCredentialsView = z.infer<typeof awsCredentials>;
export type KmsTestView = z.infer<typeof kmsTest>;
