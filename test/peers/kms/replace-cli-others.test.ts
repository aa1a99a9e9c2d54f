import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TAG } from '../../../main/kms/kmip/tags.ts';
import { bytes } from '../../../main/kms/kmip/ttlv/item.ts';
import { DEFINITION, failure, Machine } from '../../cli/fkc.ts';
import { createKey as createGcpKey, LOCATION } from '../gcp/gcp.ts';
import { STATUS } from '../gcp/kms-model.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { type FaultProxy, startFaultProxy, withField } from '../kmip/fault-proxy.ts';
import { createKey as createKmipKey } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { line } from './node.ts';

const pki = makePki();
let go: KmipPeer;
let kmip: FaultProxy;
let gcp: GcpPeer;

beforeAll(async () => {
  go = await startGoPeer(pki);
  kmip = await startFaultProxy(pki, go.port);
  gcp = await startGcpPeer();
});

afterAll(async () => {
  await kmip?.stop();
  await go?.stop();
  await gcp?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

it('activates under KMIP, goes back to the defaults, and replaces its key by one of Google and of KMIP, each refused while it does not unwrap what it wrapped', async () => {
  using machine = new Machine();
  const [kmipKey, otherKmipKey, gcpKey] = [await createKmipKey(pki, go.port), await createKmipKey(pki, go.port), createGcpKey(gcp)];
  const ini = machine.write('config.ini', `; ours\n[encryption_kmip_kms]\nBASE_URL_TEMPLATE=kmip://127.0.0.1:${kmip.port}\nKEY_ID=${kmipKey}\n`);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--gcp-endpoint', gcp.endpoint, '--kmip-ca', pki.authority.ca, '--kmip-cert', pki.alice.cert, '--kmip-key', pki.alice.key]);
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  const fkc = (...args: string[]): string[] => ['--profile', 'mine', ...args];
  const state = async (): Promise<unknown> => [readFileSync(ini, 'utf8'), (await machine.json(fkc('keys', 'list'))).keys];

  const underKmip = await machine.json(fkc('run', line('KMIP_KMS')));
  await machine.json(fkc('lu', 'import', 'CUSTOMER', '--definition', machine.write('customer.json', JSON.stringify(DEFINITION)), '--source', machine.source(3)));
  const back = await machine.json(fkc('run', line('Stripe_AES')));
  expect(back).toMatchObject({ ok: true, previous: underKmip.description });
  expect((await machine.json(fkc('keys', 'list'))).keys).toEqual(expect.arrayContaining([expect.objectContaining({ description: back.description, state: 'active', store: 'Stripe_AES' }), expect.objectContaining({ description: underKmip.description, store: 'KMIP_KMS', instances: 3 })]));
  expect(await machine.json(fkc('keys', 'verify'))).toMatchObject({ unreadable: [] });
  await machine.json(fkc('run', line('KMIP_KMS')));
  const before = await state();

  const toGcp = fkc('kms', 'replace', '--provider', 'GCP_KMS', '--key-id', gcpKey, '--region', LOCATION);
  gcp.set({ operation: 'Decrypt', fault: { kind: 'status', refusal: { code: STATUS.PERMISSION_DENIED, details: 'denied' } } });
  expect(await machine.json([...toGcp, '--dry-run'], { code: 1 })).toMatchObject({ ok: false, dryRun: true, refusal: { code: 'KMS_PERMISSION_DENIED' } });
  expect(await machine.json([...toGcp, '--confirm', 'mine'], { code: 1 })).toEqual(failure('KMS_PERMISSION_DENIED'));
  const toKmip = fkc('kms', 'replace', '--provider', 'KMIP_KMS', '--key-id', otherKmipKey, '--region', `127.0.0.1:${kmip.port}`, '--confirm', 'mine');
  kmip.set({ operation: 'Encrypt', fault: { kind: 'changed', change: withField(TAG.data, () => bytes(TAG.data, Buffer.alloc(32, 9))) } });
  expect(await machine.json(toKmip, { code: 1 })).toEqual(failure('KMS_CIPHERTEXT_REFUSED'));
  kmip.set();
  gcp.set();
  expect(await state()).toEqual(before);

  expect(await machine.json([...toGcp, '--confirm', 'mine'])).toMatchObject({ ok: true, keyId: gcpKey, changes: [{ changed: true }], dependents: expect.arrayContaining([expect.objectContaining({ keyId: kmipKey, instances: 3 })]) });
  expect(readFileSync(ini, 'utf8')).toContain(`LOCATION_ID=${LOCATION}`);
  expect(await machine.json(toKmip)).toMatchObject({ ok: true, keyId: otherKmipKey });
  expect(readFileSync(ini, 'utf8')).toContain(`KEY_ID=${otherKmipKey}`);
  expect(await machine.json(fkc('keys', 'verify'))).toMatchObject({ unreadable: [] });
  expect(await machine.json(fkc('lu', 'verify'))).toMatchObject({ checked: 3, readable: 3 });
});
