import { z } from 'zod';
import { channel, count, description, keyName, nothing } from './channel.ts';
import { censusState } from './census.ts';
import { ring } from './cluster.ts';
import { kmsProvider } from './kms-provider.ts';

const text = z.string().max(4096);

/** One mistake in the line, at [start, end) in UTF-16 units. */
export const problem = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  start: count,
  end: count,
  /** What to write instead, where that is clear. */
  suggestion: z.string().nullable(),
});

export const parsed = z.object({
  name: text,
  generatorType: text,
  storeType: text,
  args: text.nullable(),
});

/** A KMS key to wrap new master keys under, in the words of config.ini. */
export const kmsTarget = z.object({ provider: kmsProvider, keyId: z.string(), location: z.string().nullable() });

/** A generator and a store that go together. */
export const modulePair = z.object({
  generator: z.string(),
  store: z.string(),
  /** Set up on this node. */
  configured: z.boolean(),
  /** Null for the local store, and where no key is named. */
  kms: kmsTarget.nullable(),
});

/** What an activation would do, worked out without doing it. */
export const plan = z.object({
  command: z.string(),
  name: keyName,
  generator: z.string(),
  store: z.string(),
  /** The active generation that it would replace; null for the first. */
  previous: description.nullable(),
  /** The protection key that wraps it; null where a KMS does. */
  protection: z.object({ kind: z.enum(['keystore', 'internal']), fingerprint: z.string() }).nullable(),
  /** The KMS key that wraps it, as it is configured, and how often the KMS is asked; `lookups` once in a process besides. Null where the protection key does. */
  kms: kmsTarget.extend({ calls: z.array(z.object({ operation: z.string(), times: count })), lookups: z.array(z.string()) }).nullable(),
  /** In order: what is made, called, stored. */
  steps: z.array(z.object({ id: z.string(), title: z.string(), detail: z.string() })),
  /** What stays readable, and through which generation. */
  staysReadable: z.array(z.object({ description, instances: count, through: z.string() })),
  /** Instances that stay under older generations until they are saved or rekeyed. */
  instancesUnderOlder: count,
  /** Those instances by LU; empty where the protection key wraps the new generation, as `nodes` and `regions` are. */
  byLu: z.array(z.object({ lu: z.string(), instances: count, bytes: count })),
  /** Nodes whose config.ini names the KMS that wraps it. */
  nodes: z.array(z.string()),
  /** Where a KMS wrapped the older generations, and where those nodes ask the KMS that wraps the new one. */
  regions: z.array(z.string()),
  /** Where the bytes will lie: as those of a key description drawn for the plan; null where the database is one file. */
  ring: ring.nullable(),
  /** How far the counts of instances may be trusted; under a KMS one that was too old was taken anew. */
  census: censusState,
  warnings: z.array(z.string()),
});

export const completion = z.object({
  /** Replaces [from, to) of the line. */
  insert: z.string(),
  from: count,
  to: count,
  label: z.string(),
  detail: z.string(),
});

export const activated = z.object({
  name: keyName,
  description,
  previous: description.nullable(),
  fingerprint: z.string(),
});

export const command = {
  'command.parse': channel(z.object({ text }), z.object({ command: parsed.nullable(), problem: problem.nullable() })),
  'command.format': channel(parsed, z.object({ text })),
  'command.complete': channel(z.object({ text, cursor: count }), z.object({ completions: z.array(completion) })),
  /** Every pair that is possible, with what is set up for it. */
  'command.pairs': channel(nothing, z.object({ pairs: z.array(modulePair) })),
  'command.plan': channel(z.object({ text }), plan),
  /** Steps arrive as `activation` events while it runs. */
  'command.run': channel(z.object({ text, reason: z.string().max(500).optional() }), activated),
};

export type CommandProblem = z.infer<typeof problem>;
export type ParsedCommand = z.infer<typeof parsed>;
export type ActivationPlan = z.infer<typeof plan>;
export type ModulePair = z.infer<typeof modulePair>;
export type Completion = z.infer<typeof completion>;
export type Activated = z.infer<typeof activated>;
