import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BAD = fileURLToPath(new URL('../fixtures/house', import.meta.url));
const CONFIG = `${ROOT}/.config/dependency-cruiser.cjs`;

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

/** What breaks a rule in `folder`, as `rule: file`. */
async function check(folder: string, parts: readonly string[]): Promise<string[]> {
  const program = `${ROOT}/node_modules/dependency-cruiser/bin/dependency-cruise.mjs`;
  const run = promisify(execFile)(process.execPath, [program, '--config', CONFIG, '--output-type', 'json', ...parts], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  const { summary } = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();
}

/** The file of the bad tree that breaks each rule; some files break two. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  'no-cycles': ['main/a.ts'],
  resolvable: ['main/lost.js'],
  declared: ['main/borrowed.js'],
  'shipped-uses-shipped': ['main/interpreter.ts'],
  'nothing-imports-test': ['main/tested.ts'],
  'main-is-the-core': ['main/window.ts'],
  'contract-runs-in-a-browser': ['app/contract/deep.ts'],
  'contract-takes-types-of-errors': ['app/contract/channel.ts'],
  'preload-is-a-bridge': ['app/preload/bridge.ts'],
  'handlers-only-hand-on': ['app/handlers/reach.ts'],
  'handlers-know-no-host': ['app/handlers/host.ts'],
  'hosts-do-not-meet': ['app/electron/entry.ts'],
  'services-know-no-host': ['app/services.ts'],
  'electron-in-its-place': ['app/chromium/launch.ts'],
  'chromium-is-a-host-alone': ['app/chromium/drive.ts'],
  'renderer-runs-in-a-browser': ['renderer/core.ts', 'renderer/files.ts'],
  'crypto-is-bytes-in-bytes-out': ['main/crypto/disk.ts'],
  'keystore-and-kms-stand-alone': ['main/keystore/provider.ts'],
  'config-needs-no-keys': ['main/config/keys.ts'],
  'playwright-core-only-in-app-chromium': ['app/electron/browser.ts'],
  'cassandra-driver-only-in-main-systemdb-cassandra': ['main/cluster.ts'],
  'commander-only-in-app-cli': ['main/command-line.ts'],
  'croner-only-in-main-rekey': ['main/timetable.ts'],
  'csv-parse-only-in-main-lu': ['main/csv.ts'],
  '@aws-sdk-only-in-main-kms-aws': ['main/cloud.ts'],
  '@google-cloud-only-in-main-kms-gcp': ['main/cloud.ts'],
  'google-gax-only-in-main-kms-gcp': ['main/cloud.ts'],
  '@noble-only-in-main-crypto': ['main/hash.ts'],
  'main-has-few-packages': ['main/borrowed.js', 'main/interpreter.ts'],
  'sqlite-in-its-adapters': ['main/store.ts'],
};

describe('the import rules', () => {
  let found: string[];
  beforeAll(async () => {
    found = await check(BAD, ['app', 'main', 'renderer', 'test']);
  }, 60_000);

  it('see each broken rule in the bad tree, and nothing else there', () => {
    const expected = Object.entries(BROKEN).flatMap(([rule, files]) => files.map((file) => `${rule}: ${file}`));
    expect(found).toEqual(expected.sort());
  });

  it('are each broken at least once', () => {
    const { forbidden } = createRequire(import.meta.url)(CONFIG) as { forbidden: readonly { name: string }[] };
    expect(forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(BROKEN).sort());
  });
});
