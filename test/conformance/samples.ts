import type {
  AuditRecord,
  CampaignFailure,
  CampaignRecord,
  GenerationRecord,
  InstanceRange,
  InstanceToSave,
  JobRecord,
  NodeRecord,
} from '../../main/systemdb/repositories.ts';

/** Texts that a careless adapter mixes up, folds, cuts or orders wrongly. In code point order. */
export const TEXTS: readonly string[] = [
  ' ',
  ' leading and trailing ',
  '"double"',
  "'; DROP TABLE k2view_entity; --",
  '../../etc/passwd',
  '0',
  '10',
  '9',
  'A',
  'Z',
  '\\back\\slash',
  'a',
  'line\nbreak\ttab',
  'x'.repeat(4000),
  // composed and decomposed: the same to the eye, two texts
  '\u00e9'.normalize('NFD'),
  '\u00e9',
  '\u05d0\u05d1',
  '\u200bzero width',
  '\u65e5\u672c',
  // U+FFFD sorts before U+1F511 by code points, but after its first half by UTF-16 units
  '\ufffd',
  '\u{1f511}',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
].sort(byCodePoints);

export function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

export function generation(name: string, description: string, more: Partial<GenerationRecord> = {}): GenerationRecord {
  return {
    name,
    description,
    generator: 'Java_AES',
    store: 'Stripe_AES',
    fingerprint: 'ab'.repeat(8),
    stripes: 96,
    wrapping: { kind: 'internal', keyId: 'p1' },
    createdAt: 1_790_000_000_000,
    actor: 'admin@host',
    reason: null,
    ...more,
  };
}

export function instance(lu: string, id: string, more: Partial<InstanceToSave> = {}): InstanceToSave {
  return { lu, id, keyDescription: 'k1', sealed: Uint8Array.of(1, 2, 3), savedAt: 1_790_000_000_000, ...more };
}

export function auditRecord(seq: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    seq,
    at: 1_790_000_000_000 + seq,
    actor: 'admin@host',
    act: 'activatekey',
    object: 'masterkey_key_name',
    context: '{"a":1}',
    outcome: 'done',
    completes: null,
    previous: '0'.repeat(64),
    hash: 'f'.repeat(64),
    ...more,
  };
}

export function job(id: string, startedAt: number, more: Partial<JobRecord> = {}): JobRecord {
  return {
    id,
    kind: 'import',
    params: '{}',
    state: 'running',
    done: 0,
    total: null,
    failed: 0,
    cursor: null,
    failure: null,
    startedAt,
    updatedAt: startedAt,
    ...more,
  };
}

export function node(id: string, host: string, more: Partial<NodeRecord> = {}): NodeRecord {
  return { id, host, version: '0.1.0', dataCenter: null, liveSince: 1, lastSeen: 2, keystoreDigest: null, notes: [], ...more };
}

export function campaign(id: string, createdAt: number, more: Partial<CampaignRecord> = {}): CampaignRecord {
  return { id, state: 'planned', params: '{}', limits: '{}', outcome: null, createdAt, updatedAt: createdAt, ...more };
}

/** Ranges as a campaign keeps them: nothing is read from them. */
export function someRanges(count: number): InstanceRange[] {
  return Array.from({ length: count }, (_, i) => ({ lu: 'L', start: `${i}`, end: `${i + 1}`, nodes: ['10.0.0.1', '10.0.0.2'] }));
}

export function failure(lu: string, id: string, more: Partial<CampaignFailure> = {}): CampaignFailure {
  return { lu, id, keyDescription: 'k1', code: 'ENVELOPE_MALFORMED', message: 'It is torn.', remedy: 'Save it again.', at: 7, ...more };
}
