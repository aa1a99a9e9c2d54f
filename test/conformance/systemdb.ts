import { afterEach, beforeEach, describe } from 'vitest';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { auditConformance } from './systemdb-audit.ts';
import { campaignConformance } from './systemdb-campaigns.ts';
import { campaignRangeConformance } from './systemdb-campaign-ranges.ts';
import { censusConformance } from './systemdb-censuses.ts';
import { instanceConformance } from './systemdb-instances.ts';
import { keyConformance } from './systemdb-keys.ts';
import { leaseConformance } from './systemdb-leases.ts';
import { operationConformance } from './systemdb-operation.ts';
import { rangeConformance } from './systemdb-ranges.ts';
import { rewriteConformance } from './systemdb-rewrite.ts';

/** An empty system database for one test. */
export interface OpenedSystemDb {
  readonly db: SystemDb;
  /** Another connection to the same database, as another process would have it. */
  reopen(): Promise<SystemDb>;
  /** Closes all connections and removes the database. */
  dispose(): Promise<void>;
}

/** What a test of the suite works on. */
export interface Subject {
  readonly db: SystemDb;
  reopen(): Promise<SystemDb>;
}

/** The contract of `main/systemdb/repositories.ts`, to be passed by every adapter as it stands. */
export function systemDbConformance(name: string, open: () => Promise<OpenedSystemDb>): void {
  describe(`${name} keeps the contract of the system database`, () => {
    let opened: OpenedSystemDb;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened.dispose();
    });
    const subject: Subject = {
      get db() {
        return opened.db;
      },
      reopen: () => opened.reopen(),
    };
    keyConformance(subject);
    instanceConformance(subject);
    auditConformance(subject);
    operationConformance(subject);
    rangeConformance(subject);
    rewriteConformance(subject);
    leaseConformance(subject);
    censusConformance(subject);
    campaignConformance(subject);
    campaignRangeConformance(subject);
  });
}
