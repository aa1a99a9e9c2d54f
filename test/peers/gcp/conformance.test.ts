import { afterAll, beforeAll } from 'vitest';
import { kmsConformance } from '../../conformance/kms.ts';
import { openGcp } from './gcp.ts';
import { type GcpPeer, startGcpPeer } from './server.ts';

let peer: GcpPeer;

beforeAll(async () => {
  peer = await startGcpPeer();
});

afterAll(async () => {
  await peer?.stop();
});

kmsConformance("GCP_KMS at a server of Google's descriptors", () => Promise.resolve(openGcp(peer)));
