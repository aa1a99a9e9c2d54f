import { describe, expect, it } from 'vitest';
import { ENDPOINT, KmsEndpoint } from '../../../main/kms/endpoint.ts';
import { DEFAULT_SHARE, gcpBudget } from '../../../main/kms/gcp/quotas.ts';
import { VirtualClock } from '../virtual-clock.ts';

const MINUTE = 60_000;
/** Of an audit: each key is read so often. */
const OF_A_KEY = ['GetCryptoKey', 'ListCryptoKeyVersions', 'GetIamPolicy'];
/** Google's read_requests of a minute, as the page "Quotas" had them in 2025. */
const READS = 300;

/** When each of the reads of so many keys went out, in virtual milliseconds. */
async function readsOf(keys: number, share: number): Promise<number[]> {
  const clock = new VirtualClock();
  const endpoint = new KmsEndpoint('europe-west3', { ...ENDPOINT, budget: gcpBudget(share) }, { clock });
  const at: number[] = [];
  const waiting = Array.from({ length: keys }, () => OF_A_KEY).flat().values();
  const lane = async (): Promise<void> => {
    for (const operation of waiting) await endpoint.call({ operation, ask: () => Promise.resolve(void at.push(clock.elapsed())) });
  };
  const done = Promise.all(Array.from({ length: 16 }, lane));
  await clock.pass(60 * MINUTE);
  await done;
  return at;
}

/** The most that went out in any minute, wherever it begins. */
function mostInAMinute(at: readonly number[]): number {
  let from = 0;
  return at.reduce((most, time, index) => {
    while ((at[from] ?? 0) <= time - MINUTE) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}

describe('an audit of 1,000 keys at Google', () => {
  it.each([
    ['all of the quota', 1, 13],
    ['the default share', DEFAULT_SHARE, 27],
  ])('with %s has no minute over it, and ends in time', async (_, share, minutes) => {
    const at = await readsOf(1_000, share);
    expect(at).toHaveLength(3_000);
    expect(mostInAMinute(at)).toBeLessThanOrEqual(READS * share);
    expect(mostInAMinute(at)).toBeGreaterThan(READS * share * 0.9);
    expect(at.at(-1)).toBeLessThanOrEqual(minutes * MINUTE);
    expect(at.at(-1)).toBeGreaterThan((minutes - 1) * MINUTE);
  });
});
