import type { BudgetSettings } from '../budget.ts';

/**
 * Requests a second that AWS allows an account in one Region for each operation, by default ("Request quotas" of the
 * AWS KMS Developer Guide, as it stood in 2025). Of cryptographic operations it allows 10,000 or more, shared with all else in the account:
 * the console's few are bounded by {@link ALL} alone.
 */
export const QUOTAS: Readonly<Record<string, number>> = {
  CancelKeyDeletion: 5,
  DescribeKey: 2000,
  DisableKey: 5,
  DisableKeyRotation: 5,
  EnableKey: 5,
  EnableKeyRotation: 15,
  GetKeyPolicy: 1000,
  GetKeyRotationStatus: 1000,
  GetParametersForImport: 1,
  ImportKeyMaterial: 15,
  ListAliases: 500,
  ListGrants: 100,
  ListKeyRotations: 100,
  ListKeys: 500,
  ListResourceTags: 2000,
  ReplicateKey: 5,
  RotateKeyOnDemand: 5,
  ScheduleKeyDeletion: 15,
};

/** All operations of one console in one Region together. */
const ALL = 1000;

/** Other programs of the account live off the same quotas. */
export const DEFAULT_SHARE = 0.5;

/** @param share of each quota, above 0 up to 1. */
export function awsBudget(share: number): BudgetSettings {
  return { requestsPerSecond: ALL * share, perOperation: Object.fromEntries(Object.entries(QUOTAS).map(([operation, rate]) => [operation, rate * share])) };
}
