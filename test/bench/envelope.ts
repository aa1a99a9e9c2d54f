import { createCipheriv, createDecipheriv, randomBytes as nodeRandomBytes } from 'node:crypto';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { openInstance, sealInstance } from '../../main/crypto/envelope.ts';
import { randomSecret } from '../../main/crypto/random.ts';

/** One row of `npm run bench`: `ratio` is ours against the baseline, 1 = as fast. */
export interface BenchRow {
  readonly name: string;
  readonly ratio: number;
  readonly goal: number;
  readonly met: boolean;
  /** What bounds it. */
  readonly bound: string;
}

const SIZES = [
  { label: '1 KiB', bytes: 1024, goal: 0.75, rounds: 60, batch: 300 },
  { label: '16 KiB', bytes: 16 * 1024, goal: 0.9, rounds: 60, batch: 200 },
  { label: '1 MiB', bytes: 1024 * 1024, goal: 0.9, rounds: 120, batch: 4 },
] as const;

/**
 * Sealing and opening against the plainest use of node:crypto on the same bytes with the same additional data and a
 * key at hand: fresh IV, setAAD, update, final, tag, one concat. Ours also derives the instance key each time.
 */
export async function envelopeBench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const fips of [false, true]) {
    for (const { label, bytes, goal, rounds, batch } of SIZES) {
      const suite = suiteFor(fips);
      using masterKey = randomSecret(32);
      const subject = { keyDescription: 'masterkey_key_name.20260101T000000Z.a1b2c3d4', lu: 'CUSTOMER', instanceId: '1234567' };
      const plain = nodeRandomBytes(bytes);
      const key = nodeRandomBytes(32);
      // As many bytes as the envelope authenticates: header, names, chunk index, last mark.
      const additionalData = nodeRandomBytes(21 + subject.keyDescription.length + 4 + subject.lu.length + subject.instanceId.length + 5);
      const sealed = sealInstance(suite, masterKey, subject, plain);
      const bareSealed = bareSeal(key, additionalData, plain);

      const seal = compare(rounds, batch, () => bareSeal(key, additionalData, plain), () => sealInstance(suite, masterKey, subject, plain));
      const open = compare(rounds, batch, () => bareOpen(key, additionalData, bareSealed), () => openInstance(masterKey, subject, sealed));
      const bound = bytes < 4096 ? 'making the cipher object, then the key derivation (two hashes)' : 'AES-GCM and copying';
      const mode = fips ? ' (FIPS)' : '';
      rows.push({ name: `seal ${label}${mode}`, ratio: seal, goal, met: seal >= goal, bound });
      rows.push({ name: `open ${label}${mode}`, ratio: open, goal, met: open >= goal, bound });
    }
  }
  return rows;
}

function bareSeal(key: Buffer, additionalData: Buffer, plain: Buffer): Buffer {
  const iv = nodeRandomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(additionalData);
  const ciphertext = cipher.update(plain);
  const rest = cipher.final();
  return Buffer.concat([iv, ciphertext, rest, cipher.getAuthTag()]);
}

function bareOpen(key: Buffer, additionalData: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = decipher.update(sealed.subarray(12, -16));
  return Buffer.concat([plain, decipher.final()]);
}

/** Median time of the baseline by that of ours; both take turns, so that the machine's moods meet both. */
function compare(rounds: number, batch: number, baseline: () => unknown, ours: () => unknown): number {
  const times = { baseline: [] as number[], ours: [] as number[] };
  for (let i = 0; i < rounds; i++) {
    // The first rounds warm the compiler up and are not counted.
    const counted = i >= rounds / 6;
    const first = i % 2 === 0;
    const a = time(batch, first ? baseline : ours);
    const b = time(batch, first ? ours : baseline);
    if (counted) {
      times.baseline.push(first ? a : b);
      times.ours.push(first ? b : a);
    }
  }
  return median(times.baseline) / median(times.ours);
}

function time(batch: number, run: () => unknown): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < batch; i++) run();
  return Number(process.hrtime.bigint() - start);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
