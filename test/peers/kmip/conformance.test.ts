import { afterAll, beforeAll } from 'vitest';
import { rmSync } from 'node:fs';
import { kmsConformance } from '../../conformance/kms.ts';
import { CREDENTIAL, credential, openKmip } from './kmip.ts';
import { type KmipPeer, makePki, startGoPeer, startPyKmip } from './servers.ts';

const pki = makePki();
let python: KmipPeer;
let go: KmipPeer;

beforeAll(async () => {
  python = await startPyKmip(pki);
  go = await startGoPeer(pki, { USER_PASSWORD: `${CREDENTIAL.user}:${CREDENTIAL.password}` });
});

afterAll(async () => {
  await python?.stop();
  await go?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

kmsConformance('KMIP_KMS at PyKMIP', () => openKmip(pki, python.port, credential()));
kmsConformance('KMIP_KMS at the kmip-go peer', () => openKmip(pki, go.port, credential()));
