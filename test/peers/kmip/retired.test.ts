import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { KmsProviders, type KmsSources } from '../../../main/kms/registry.ts';
import { RetiredProviders } from '../../../main/kms/retired.ts';
import { codeOf, CONTEXT, wrapNew } from '../../conformance/kms-subject.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { createKey, settings } from './kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from './servers.ts';

/** What becomes of a provider whose configuration was changed while it is asked. */

const QUIET_MS = 400;
const pki = makePki();
let go: KmipPeer;
let proxy: FaultProxy;
let keyId: string;

const sources = (): KmsSources => ({ KMIP_KMS: { target: null, settings: () => settings(pki, proxy.port, { keyId }) } });

beforeAll(async () => {
  go = await startGoPeer(pki);
  proxy = await startFaultProxy(pki, go.port);
  keyId = await createKey(pki, go.port);
});

afterAll(async () => {
  await proxy?.stop();
  await go?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

it('it answers what it is asked, one thing after the other, and is closed once nobody asks it', async () => {
  const registry = new KmsProviders(sources(), new RetiredProviders(QUIET_MS));
  const old = await registry.provider('KMIP_KMS');
  const closed = vi.spyOn(old, 'close');
  const wrapped = await wrapNew(old);
  proxy.set({ operation: 'Decrypt', fault: { kind: 'slow', ms: QUIET_MS / 2 } });
  const underWay = codeOf(old.unwrap(wrapped, CONTEXT));
  registry.change(sources());
  expect(await registry.provider('KMIP_KMS')).not.toBe(old);
  expect(await underWay).toBeNull();
  // Who holds it goes on: longer than the pause altogether, and never a pause without a request.
  for (let i = 0; i < 4; i += 1) expect(await codeOf(old.unwrap(wrapped, CONTEXT))).toBeNull();
  expect(closed).not.toHaveBeenCalled();
  await delay(2 * QUIET_MS + 100);
  expect(closed).toHaveBeenCalledTimes(1);
  proxy.set();
  expect(await codeOf((await registry.provider('KMIP_KMS')).unwrap(wrapped, CONTEXT))).toBeNull();
  registry.close();
  expect(closed).toHaveBeenCalledTimes(1);
});

it('it is closed at once where the whole registry is', async () => {
  const registry = new KmsProviders(sources());
  const old = await registry.provider('KMIP_KMS');
  const closed = vi.spyOn(old, 'close');
  registry.change(sources());
  expect(closed).not.toHaveBeenCalled();
  registry.close();
  expect(closed).toHaveBeenCalledTimes(1);
});
