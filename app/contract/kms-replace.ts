import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, description, failure, keyName, nothing, time, typedName } from './channel.ts';
import { kmsProvider as provider } from './kms-provider.ts';

const names = z.array(keyName).max(64);

/** Which KMS key is to take over. */
export const replacementRequest = z.object({
  provider,
  /** In any form that config.ini takes. */
  keyId: z.string().min(1).max(2048),
  /** Region (AWS), location (GCP) or server (KMIP) of the key; left out: each node keeps its own. */
  region: z.string().min(1).max(256).optional(),
  /** Names of master keys to activate beside those that follow by themselves. */
  also: names.optional(),
  /** Names that stay under the key that wraps them now. */
  leave: names.optional(),
});

/** One check, or one step of what is carried out. */
export const replacementStep = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['running', 'done', 'warning', 'failed', 'skipped']),
  /** What was found, or why not. */
  detail: z.string(),
  /** How long it took, in milliseconds; null while it runs, and where it did not run. */
  ms: z.number().nonnegative().nullable(),
  failure: failure.nullable(),
});

const change = z.object({ node: z.string(), file: z.string(), changed: z.boolean(), diff: z.string() });

/** A master key's name, and what becomes of it. */
const replacedName = z.object({
  name: keyName,
  /** Its active generation; null where it has none. */
  active: description.nullable(),
  /** What wraps that, in words; empty where there is none. */
  under: z.string(),
  /** `activate`: gets a new generation; `already`: is under the new key; `stays`: as it is. */
  then: z.enum(['activate', 'already', 'stays']),
  why: z.string(),
  /** The line that runs; null where none does. */
  command: z.string().nullable(),
  /** What that makes, calls and stores, in order. */
  steps: z.array(z.object({ id: z.string(), title: z.string(), detail: z.string() })),
  warnings: z.array(z.string()),
});

/** A KMS key other than the new one, and what can be read through it alone. */
const dependents = z.object({
  provider,
  keyId: z.string(),
  location: z.string(),
  /** Whether it is one that the replacement takes out of use. */
  replaced: z.boolean(),
  generations: count,
  /** Names whose active generation is under it. */
  activeNames: z.array(keyName),
  instances: count,
  /** Whose config.ini names it. */
  nodes: z.array(z.string()),
  /** Where its generations were wrapped, and where those nodes ask for it. */
  regions: z.array(z.string()),
  lus: z.array(z.object({ lu: z.string(), instances: count })),
});

export const replacementPlan = z.object({
  provider,
  /** As it was asked for. */
  asked: z.string(),
  /** The key that it is; null where that could not be found out. */
  keyId: z.string().nullable(),
  steps: z.array(replacementStep),
  /** Why it can not be carried out; null where it can. */
  refusal: failure.nullable(),
  changes: z.array(change),
  names: z.array(replacedName),
  /** Requests that the activations make, by the KMS's own name of the operation. */
  calls: z.array(z.object({ operation: z.string(), times: count })),
  dependents: z.array(dependents),
  census: censusState,
  /** True where the files say so already and no name is left to activate. */
  alreadySo: z.boolean(),
  warnings: z.array(z.string()),
  /** What has to be typed. */
  confirm: z.string(),
  at: time,
});

export const replacementResult = z.object({
  provider,
  keyId: z.string(),
  changes: z.array(change.extend({ backup: z.string().nullable() })),
  activated: z.array(z.object({ name: keyName, description, previous: description.nullable(), keyId: z.string() })),
  dependents: z.array(dependents),
  census: censusState,
  /** What to do now. */
  next: z.array(z.string()),
});

export const replacement = {
  /** What every node's config.ini names now; asks no KMS. */
  'replacement.current': channel(
    nothing,
    z.object({
      profile: z.string(),
      keys: z.array(z.object({ provider, keyId: z.string(), location: z.string().nullable(), nodes: z.array(z.string()) })),
      nodes: z.array(z.string()),
    }),
  ),
  /** Tries the new key and works out everything; changes nothing. Checks arrive as `replacement` events while they run. */
  'replacement.plan': channel(replacementRequest, replacementPlan),
  /** `confirm` is the profile's name. Steps arrive as `replacement` and `activation` events. */
  'replacement.run': channel(replacementRequest.extend({ confirm: typedName, reason: z.string().max(500).optional() }), replacementResult),
};

export type ReplacementRequest = z.infer<typeof replacementRequest>;
export type ReplacementStep = z.infer<typeof replacementStep>;
export type ReplacementPlan = z.infer<typeof replacementPlan>;
export type ReplacementResult = z.infer<typeof replacementResult>;
export type ReplacedName = ReplacementPlan['names'][number];
export type KeyDependents = ReplacementPlan['dependents'][number];
