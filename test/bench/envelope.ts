import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes as nodeRandomBytes } from 'node:crypto';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { openInstance, sealInstance } from '../../main/crypto/envelope.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import type { BenchRow } from './row.ts';

const SIZES = [
  { label: '1 KiB', bytes: 1024, goal: 0.75, rounds: 60, batch: 200 },
  { label: '16 KiB', bytes: 16 * 1024, goal: 0.9, rounds: 60, batch: 100 },
  { label: '1 MiB', bytes: 1024 * 1024, goal: 0.9, rounds: 60, batch: 8 },
] as const;

/** How the peer gives its key to node:crypto. Node 24 is slow with raw bytes; the other row keeps us honest. */
const PEERS = [
  { label: 'bare createCipheriv', keyFor: (key: Buffer): Buffer | KeyObject => key, fips: [false, true] },
  { label: 'bare createCipheriv with createSecretKey', keyFor: (key: Buffer): Buffer | KeyObject => createSecretKey(key), fips: [false] },
] as const;

/**
 * Sealing and opening against the plainest use of node:crypto on the same bytes with as much additional data and a key
 * at hand: fresh IV, setAAD, update, final, tag, one concat. Ours also derives the instance key each time.
 */
export async function envelopeBench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const peer of PEERS) {
    for (const fips of peer.fips) {
      for (const size of SIZES) {
        const { seal, open } = compareAt(size, fips, peer.keyFor);
        const against = `${size.label}${fips ? ', FIPS' : ''}, against ${peer.label}`;
        const bound = size.bytes < 1024 * 1024 ? 'deriving the instance key: two hashes that the peer does not compute' : 'AES-GCM and fresh memory for the result';
        rows.push({ name: `seal ${against}`, ratio: seal, goal: size.goal, met: seal >= size.goal, bound });
        rows.push({ name: `open ${against}`, ratio: open, goal: size.goal, met: open >= size.goal, bound });
      }
    }
  }
  return rows;
}

function compareAt(size: (typeof SIZES)[number], fips: boolean, keyFor: (key: Buffer) => Buffer | KeyObject): { seal: number; open: number } {
  const suite = suiteFor(fips);
  using masterKey = randomSecret(32);
  const subject = { keyDescription: 'masterkey_key_name.20260101T000000Z.a1b2c3d4', lu: 'CUSTOMER', instanceId: '1234567' };
  const plain = nodeRandomBytes(size.bytes);
  const key = nodeRandomBytes(32);
  // As many bytes as the envelope authenticates: header, names, chunk index, last mark.
  const additionalData = nodeRandomBytes(21 + subject.keyDescription.length + 4 + subject.lu.length + subject.instanceId.length + 5);
  const sealed = sealInstance(suite, masterKey, subject, plain);
  const bareSealed = bareSeal(keyFor(key), additionalData, plain);
  return {
    seal: compare(size, () => bareSeal(keyFor(key), additionalData, plain), () => sealInstance(suite, masterKey, subject, plain)),
    open: compare(size, () => bareOpen(keyFor(key), additionalData, bareSealed), () => openInstance(masterKey, subject, sealed)),
  };
}

function bareSeal(key: Buffer | KeyObject, additionalData: Buffer, plain: Buffer): Buffer {
  const iv = nodeRandomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(additionalData);
  const ciphertext = cipher.update(plain);
  const rest = cipher.final();
  return Buffer.concat([iv, ciphertext, rest, cipher.getAuthTag()]);
}

function bareOpen(key: Buffer | KeyObject, additionalData: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = decipher.update(sealed.subarray(12, -16));
  return Buffer.concat([plain, decipher.final()]);
}

/** Median time of the peer by that of ours; both take turns, so that the machine's moods meet both. */
function compare({ rounds, batch }: { rounds: number; batch: number }, peer: () => unknown, ours: () => unknown): number {
  const peerTimes: number[] = [];
  const ourTimes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const oursFirst = round % 2 === 0;
    if (oursFirst) ourTimes.push(time(batch, ours));
    peerTimes.push(time(batch, peer));
    if (!oursFirst) ourTimes.push(time(batch, ours));
  }
  // The first rounds warm the compiler up.
  const warm = Math.floor(rounds / 6);
  return median(peerTimes.slice(warm)) / median(ourTimes.slice(warm));
}

function time(batch: number, run: () => unknown): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < batch; i++) run();
  return Number(process.hrtime.bigint() - start);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
