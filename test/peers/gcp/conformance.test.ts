// Before all that loads gRPC.
import { CREDENTIAL_FILE, EMAIL, issuerOf, removeServiceAccount, SECRET, TLS } from './service-account.ts';
import { afterAll, beforeAll, expect } from 'vitest';
import { kmsConformance } from '../../conformance/kms.ts';
import { openGcp } from './gcp.ts';
import { type GcpPeer, startGcpPeer } from './server.ts';

let peer: GcpPeer;

beforeAll(async () => {
  peer = await startGcpPeer(TLS);
});

afterAll(async () => {
  // Else nothing was asked with the credentials that are looked for.
  expect(new Set(peer.asked.map(({ authorization }) => issuerOf(authorization)))).toEqual(new Set([EMAIL]));
  await peer.stop();
  removeServiceAccount();
});

kmsConformance("GCP_KMS at a server of Google's descriptors", () => Promise.resolve(openGcp(peer, { credentialFile: CREDENTIAL_FILE, secrets: [SECRET] })));
