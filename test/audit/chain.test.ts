import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditHash, breakAt, GENESIS, START } from '../../main/audit/chain.ts';
import { verifyTrail } from '../../main/audit/verify.ts';
import type { AuditRecord } from '../../main/systemdb/repositories.ts';
import { chainOf, changed, rehashedFrom, tellings, trailOf, type Told } from './trails.ts';

const FIELDS = ['seq', 'at', 'actor', 'act', 'object', 'context', 'outcome', 'completes', 'previous', 'hash'] as const;

describe('the hash of a record', () => {
  const record = {
    seq: 7,
    at: 1_790_000_000_123,
    actor: 'admin@host',
    act: 'activatekey',
    object: 'schlüssel \u{1f511}',
    context: '{"reason":"quarterly"}',
    outcome: 'done',
    completes: 6,
    previous: GENESIS,
  } as const;

  test('is the vector of docs/audit-format.md', () => {
    expect(auditHash(record)).toBe('422c3d70ac9a2250f54d7da1dd1425ef2acac1b5d46764fb88fb341775a93884');
    expect(auditHash({ ...record, completes: null })).toBe('d3cc43d6e5df798ecc7d0d382f5623bb142c5f5a7ea42ade45afece7c23f26e6');
  });

  test('is SHA-256 over the documented bytes', () => {
    const field = (text: string): Buffer => {
      const bytes = Buffer.from(text);
      return Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
    };
    const bytes = Buffer.concat(
      [
        'fabric-key-console audit record 1',
        '7',
        '1790000000123',
        'admin@host',
        'activatekey',
        'schlüssel \u{1f511}',
        '{"reason":"quarterly"}',
        'done',
        '6',
        '0000000000000000000000000000000000000000000000000000000000000000',
      ].map(field),
    );
    expect(auditHash(record)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('tells text apart that only moved from one field to the next', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), fc.nat(20), (a, b, cut) => {
        const joined = a + b;
        const moved = { ...record, act: joined.slice(0, cut), object: joined.slice(cut) };
        fc.pre(moved.act !== a && moved.act.isWellFormed() && moved.object.isWellFormed());
        expect(auditHash(moved)).not.toBe(auditHash({ ...record, act: a, object: b }));
      }),
    );
  });
});

const anyTold: fc.Arbitrary<Told> = fc.record({
  at: fc.nat(),
  actor: fc.string({ unit: 'binary' }),
  act: fc.string({ unit: 'binary' }),
  object: fc.string({ unit: 'binary' }),
  context: fc.json(),
  outcome: fc.constantFrom('started', 'done', 'refused', 'failed'),
  completes: fc.option(fc.nat()),
});

async function verified(records: readonly AuditRecord[], exported: AuditRecord | null = null) {
  return verifyTrail(trailOf(records), exported);
}

describe('the chain', () => {
  const whole = chainOf(tellings(12));

  test('holds as it was written, whatever it tells', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTold, { maxLength: 30 }), async (tellings) => {
        const records = chainOf(tellings);
        expect(await verified(records, records.at(-1) ?? null)).toEqual({
          records: records.length,
          intact: true,
          head: records.at(-1)?.hash ?? null,
          since: records[0]?.at ?? null,
          broken: null,
        });
      }),
    );
  });

  test.each(FIELDS)('shows a changed %s in every record', async (field) => {
    for (const [i, record] of whole.entries()) {
      const result = await verified(whole.with(i, changed(record, field)));
      expect(result).toMatchObject({ intact: false, broken: { code: 'AUDIT_CHAIN_BROKEN' } });
      expect(result.broken?.seq).toBe(i + 1);
      expect(result.head).toBe(whole[i - 1]?.hash ?? null);
    }
  });

  test('shows every record that was removed, the last one by the exported head', async () => {
    const exported = whole.at(-1) ?? null;
    for (let i = 0; i < whole.length; i += 1) {
      const result = await verified(whole.toSpliced(i, 1), exported);
      const last = i === whole.length - 1;
      expect(result).toMatchObject({
        records: whole.length - 1,
        intact: false,
        broken: { seq: i + 1, code: last ? 'AUDIT_HEAD_MISMATCH' : 'AUDIT_CHAIN_BROKEN' },
      });
      expect(result.broken?.reason).toContain(last ? 'cut off at the end' : 'removed');
    }
    expect((await verified(whole.slice(0, -1))).intact).toBe(true);
    expect(await verified([], exported)).toMatchObject({ records: 0, intact: false, head: null, since: null, broken: { seq: 1 } });
  });

  test('shows a removed record whose place was closed again', async () => {
    for (let i = 0; i < whole.length - 1; i += 1) {
      const closed = whole.toSpliced(i, 1).map((record, place) => ({ ...record, seq: place + 1 }));
      expect((await verified(closed)).broken?.seq).toBe(i + 1);
    }
  });

  test('shows any two records that were swapped', async () => {
    for (let i = 0; i < whole.length; i += 1) {
      for (let j = i + 1; j < whole.length; j += 1) {
        const [a, b] = [whole[i], whole[j]] as [AuditRecord, AuditRecord];
        const swapped = whole.with(i, { ...b, seq: a.seq }).with(j, { ...a, seq: b.seq });
        expect((await verified(swapped)).broken?.seq).toBe(i + 1);
        // Each hashed anew for its new place, the rest of the chain left alone.
        const sealed = swapped.map((record) => (record.hash === a.hash || record.hash === b.hash ? rehashed(record) : record));
        expect((await verified(sealed)).intact).toBe(false);
      }
    }
  });

  test('shows an inserted record', async () => {
    for (let i = 0; i < whole.length; i += 1) {
      const inserted = whole.toSpliced(i, 0, whole[0] as AuditRecord).map((record, place) => ({ ...record, seq: place + 1 }));
      expect((await verified(inserted)).intact).toBe(false);
    }
  });

  test('shows a history that was hashed anew, by the head that was exported before', async () => {
    for (const exportedAt of [5, 11]) {
      const exported = whole[exportedAt] ?? null;
      for (let i = 0; i <= exportedAt; i += 1) {
        const forged = rehashedFrom(whole.with(i, changed(whole[i] as AuditRecord, 'actor')), i);
        expect((await verified(forged)).intact).toBe(true);
        expect(await verified(forged, exported)).toMatchObject({
          intact: false,
          broken: { code: 'AUDIT_HEAD_MISMATCH', seq: exportedAt + 1, reason: expect.stringContaining('rewritten') as string },
        });
      }
    }
  });

  test('goes on after an exported head', async () => {
    for (const exported of whole) {
      expect((await verified(whole, exported)).intact).toBe(true);
    }
    expect((await verifyTrail(trailOf(whole), START)).intact).toBe(true);
  });

  test('is walked in pages', async () => {
    const long = chainOf(tellings(1234));
    expect(await verified(long)).toMatchObject({ records: 1234, intact: true });
    expect(await verified(long.toSpliced(999, 1))).toMatchObject({ records: 1233, intact: false, broken: { seq: 1000 } });
  });

  test('names a record that stands again where another belongs', () => {
    const [first, second] = whole as [AuditRecord, AuditRecord];
    expect(breakAt({ seq: 2, hash: second.hash }, first)).toMatchObject({ seq: 3, reason: expect.stringContaining('reordered') as string });
  });
});

function rehashed(record: AuditRecord): AuditRecord {
  return { ...record, hash: auditHash(record) };
}
