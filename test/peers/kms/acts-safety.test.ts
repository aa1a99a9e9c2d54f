import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { failure, Machine } from '../../cli/fkc.ts';
import { createKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { gcpSection, line } from './node.ts';

/** What an act on a key must not do, whatever the KMS answers meanwhile. */

let gcp: GcpPeer;

const shortOf = (keyId: string): string => keyId.split('/').at(-1) ?? '';
const DENIED = { kind: 'status', refusal: { code: 7, details: 'no' } } as const;

beforeAll(async () => {
  gcp = await startGcpPeer();
});

afterAll(async () => {
  await gcp?.stop();
});

beforeEach(() => gcp.set());

it('no act is done without consent: not by a refusal that is gone when the act begins', async () => {
  using machine = new Machine();
  const key = createKey(gcp);
  const [section = '', values = {}] = Object.entries(gcpSection(key))[0] ?? [];
  machine.write('config.ini', `[${section}]\n${Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join('')}`);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--gcp-endpoint', gcp.endpoint]);
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  const mine = ['--profile', 'mine'];
  await machine.json([...mine, 'run', line('GCP_KMS')]);

  gcp.set({ operation: 'GetCryptoKey', times: 1, fault: DENIED });
  expect(await machine.json([...mine, 'kms', 'disable', key, '--confirm', 'another'], { code: 1 })).toEqual(failure('CONFIRMATION_MISMATCH'));
  expect(await machine.json([...mine, 'kms', 'show', key])).toMatchObject({ state: 'enabled' });
  expect(await machine.json([...mine, 'kms', 'disable', key, '--confirm', shortOf(key)])).toMatchObject({ state: 'disabled' });
  expect(await machine.json([...mine, 'kms', 'disable', key, '--confirm', shortOf(key)], { code: 1 })).toEqual(failure('KMS_ACT_UNSUPPORTED'));
}, 120_000);
