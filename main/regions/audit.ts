import type { Severity } from '../config/finding.ts';
import type { KmsKeyState } from '../kms/acts.ts';
import type { KmsProviderName } from '../kms/provider.ts';
import { differences, type Difference } from './differences.ts';
import type { KeyFacts, NodeFacts, PlaceFacts, RegionFacts } from './facts.ts';
import type { RegionFinding } from './finding.ts';
import { keyFindings } from './key-findings.ts';
import { nodeFindings, silenceFindings } from './node-findings.ts';

/** A key as an audit tells of it. */
export interface AuditedKey {
  readonly provider: KmsProviderName;
  readonly key: string;
  readonly multiRegion: boolean;
  readonly primary: string | null;
  /** Nodes that wrap new master keys under it. */
  readonly nodes: readonly string[];
  readonly generations: number;
  readonly instances: number;
  readonly regions: readonly AuditedCopy[];
  readonly differs: readonly Difference[];
}

export interface AuditedCopy {
  readonly region: string;
  readonly exists: 'yes' | 'no' | 'unknown';
  readonly state: KmsKeyState | null;
  readonly deletionAt: number | null;
  /** Days between rotations by itself; null where it does not rotate, or is not known. */
  readonly rotatesEveryDays: number | null;
  /** Null where they are not known. */
  readonly aliases: readonly string[] | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly grants: number | null;
}

export interface RegionAudit {
  readonly nodes: readonly NodeFacts[];
  readonly keys: readonly AuditedKey[];
  readonly places: readonly PlaceFacts[];
  readonly findings: readonly RegionFinding[];
}

/** The worst first. */
const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'note'];

/** What the facts mean. Pure. @param instances by key description, from a census */
export function auditRegions(facts: RegionFacts, instances: ReadonlyMap<string, number>): RegionAudit {
  const findings = [...nodeFindings(facts), ...keyFindings(facts, instances), ...silenceFindings(facts)];
  const generations = Map.groupBy(facts.generations, ({ provider, key }) => `${provider} ${key}`);
  return {
    nodes: facts.nodes,
    keys: facts.keys.map((key) => {
      const under = generations.get(`${key.provider} ${key.id}`) ?? [];
      return {
        provider: key.provider,
        key: key.id,
        multiRegion: key.multiRegion,
        primary: key.primary,
        nodes: facts.nodes.filter(({ uses }) => uses.some((use) => use.provider === key.provider && use.keyId === key.id)).map(({ node }) => node),
        generations: under.length,
        instances: under.reduce((sum, { description }) => sum + (instances.get(description) ?? 0), 0),
        regions: key.copies.map(copyView),
        differs: differences(key),
      };
    }),
    places: facts.places,
    findings: findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)),
  };
}

function copyView({ place, exists, state, deletionAt, rotation, aliases, tags, grants }: KeyFacts['copies'][number]): AuditedCopy {
  return {
    region: place,
    exists,
    state,
    deletionAt,
    rotatesEveryDays: rotation.known ? rotation.value.everyDays : null,
    aliases: aliases.known ? aliases.value : null,
    tags: tags.known ? tags.value : null,
    grants: grants.known ? grants.value.length : null,
  };
}
