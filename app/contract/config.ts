import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, done, failure, nothing, typedName } from './channel.ts';
import { kmsProvider } from './kms-provider.ts';

const nodeName = z.string().min(1).max(128);
const path = z.string().min(1).max(4096);

/** Something in a configuration or a folder that somebody should look at; no field ever holds a secret. */
export const finding = z.object({
  severity: z.enum(['critical', 'warning', 'note']),
  /** Stable, for scripts. */
  code: z.string(),
  what: z.string(),
  where: z.object({
    file: z.string(),
    /** From 1; null where it concerns the file as a whole. */
    line: count.nullable(),
    /** `SECTION.KEY`, or `KEY` before any section. */
    key: z.string().nullable(),
    node: z.string().nullable(),
  }),
  remedy: z.string(),
});

/** One key, side by side over all nodes. */
export const configRow = z.object({
  /** Empty for keys before any section. */
  section: z.string(),
  key: z.string(),
  secret: z.boolean(),
  /** Nodes may well differ in it: a region, a path. */
  ofTheNode: z.boolean(),
  differs: z.boolean(),
  /** One for each node that could be read; dots in the place of secrets, null where the key is not there; equal groups are equal values. */
  values: z.array(z.object({ node: z.string(), value: z.string().nullable(), line: count.nullable(), group: count })),
  findings: z.array(finding),
});

export const configView = z.object({
  profile: z.string(),
  /** In the profile's order: the first one is this machine's. `failure` where its file can not be read. */
  nodes: z.array(z.object({ node: z.string(), file: z.string(), failure: failure.nullable() })),
  /** Keys in which the nodes differ, or with which something is wrong. */
  rows: z.array(configRow),
  /** Keys that are the same everywhere and right. */
  sameKeys: count,
  /** Findings of no single key: a file as a whole, a line of it. */
  findings: z.array(finding),
  /** What may be set, for the form. */
  parameters: z.array(z.object({ section: z.string(), key: z.string(), secret: z.boolean(), ofTheNode: z.boolean() })),
});

/** A `value` of null takes the key out of the file. */
const settings = z
  .array(z.object({ section: z.string().max(256), key: z.string().min(1).max(256), value: z.string().max(4096).nullable() }))
  .min(1)
  .max(64);

/** What one node's file becomes: a unified diff with dots in the place of secrets. */
const change = z.object({ node: z.string(), file: z.string(), changed: z.boolean(), diff: z.string() });

const byLu = z.array(z.object({ lu: z.string(), instances: count, bytes: count }));

/** What can be read only through the KMSs whose sections change, at the nodes whose files change. */
const dependents = z.object({
  providers: z.array(kmsProvider),
  /** Every key of them that wraps a generation. */
  keys: z.array(z.object({ provider: kmsProvider, keyId: z.string(), generations: count, instances: count, byLu, regions: z.array(z.string()) })),
  /** Whose file changes. */
  nodes: z.array(z.string()),
  /** Where those generations were wrapped, and what those nodes name now. */
  regions: z.array(z.string()),
  census: censusState,
});

const plan = z.object({
  changes: z.array(change),
  /** Null where no file or no section of a KMS changes. */
  dependents: dependents.nullable(),
});

export const folderScan = z.object({
  id: z.string(),
  path: z.string(),
  state: z.enum(['running', 'done', 'stopped', 'failed']),
  /** By file and line; the first thousands of `total`. */
  findings: z.array(finding),
  total: count,
  files: count,
  /** What was not looked at, the first hundreds of `skippedTotal`, and why. */
  skipped: z.array(z.object({ path: z.string(), why: z.string() })),
  skippedTotal: count,
  failure: failure.nullable(),
});

export const config = {
  'config.view': channel(nothing, configView),
  /** What `config.set` would change, and what depends on it; nothing is written. `node` null: on every node. */
  'config.plan': channel(z.object({ settings, node: nodeName.nullable() }), plan),
  /** `confirm` is the profile's name. */
  'config.set': channel(z.object({ settings, node: nodeName.nullable(), confirm: typedName }), z.object({ changes: z.array(change.extend({ backup: z.string().nullable() })) })),
  'config.addNode': channel(z.object({ node: nodeName, configIni: path }), done),
  /** Forgets where the file is; the file stays. */
  'config.removeNode': channel(z.object({ node: nodeName }), done),
  /** Starts a job that looks for hard-coded secrets in a file or folder; another one that runs is stopped. */
  'config.scan': channel(z.object({ path }), z.object({ id: z.string() })),
  /** The last scan of this process; null before the first. */
  'config.lastScan': channel(nothing, z.object({ scan: folderScan.nullable() })),
};

export type FindingView = z.infer<typeof finding>;
export type ConfigRow = z.infer<typeof configRow>;
export type ConfigView = z.infer<typeof configView>;
export type ConfigPlan = z.infer<typeof plan>;
export type FolderScan = z.infer<typeof folderScan>;
