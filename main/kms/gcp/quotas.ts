import type { BudgetSettings, SharedBudget } from '../budget.ts';

/**
 * Requests a minute that Google allowed a project by default until 16 February 2026 ("Quotas", Cloud KMS: read_requests,
 * write_requests, crypto_requests), in all its locations together. All operations of a kind share one. Those that
 * followed are counted for each region, begin higher (600 reads a minute), follow a project's use, and refuse software
 * keys only while Google itself is overloaded. Each location has a budget of its own, which keeps to these; to half of the
 * former ones it keeps where one location is asked.
 */
const PER_MINUTE = { read: 300, write: 60, crypto: 60_000 } as const;

const READ = ['GetCryptoKey', 'GetCryptoKeyVersion', 'GetIamPolicy', 'ListCryptoKeys', 'ListCryptoKeyVersions'];
const WRITE = ['CreateCryptoKeyVersion', 'DestroyCryptoKeyVersion', 'RestoreCryptoKeyVersion', 'UpdateCryptoKey', 'UpdateCryptoKeyPrimaryVersion', 'UpdateCryptoKeyVersion'];

/** Other programs of the project live off the same quotas. */
export const DEFAULT_SHARE = 0.5;

/** Of a minute's requests, the part that may go out at once. */
const AT_ONCE = 0.25;

/** @param share of each quota, above 0 up to 1. */
export function gcpBudget(share: number): BudgetSettings {
  return { requestsPerSecond: (PER_MINUTE.crypto / 60) * share, shared: [ofMinute(READ, PER_MINUTE.read * share), ofMinute(WRITE, PER_MINUTE.write * share)] };
}

/** What may go out at once and what follows in a minute are the minute's quota together. */
function ofMinute(operations: readonly string[], requests: number): SharedBudget {
  const requestsPerSecond = (requests * (1 - AT_ONCE)) / 60;
  return { operations, requestsPerSecond, burstSeconds: (requests * AT_ONCE) / requestsPerSecond };
}
