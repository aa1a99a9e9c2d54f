/** What must hold under faults, on three real nodes that are started once for all of it. */
import { afterAll, beforeAll } from 'vitest';
import { clockSuite } from './clock.ts';
import { killSuite } from './kill.ts';
import { knownKeySuite } from './known-key.ts';
import { largeSuite } from './large.ts';
import { nodesSuite } from './nodes.ts';
import { paceSuite } from './pace.ts';
import { raceSuite } from './race.ts';
import { schemaSuite } from './schema.ts';
import { startThreeNodes, type ThreeNodes } from './three-nodes.ts';

let cluster: ThreeNodes;
const at = (): ThreeNodes => cluster;

beforeAll(async () => {
  cluster = await startThreeNodes();
  await (await cluster.open()).close();
});
afterAll(() => cluster?.stop());

knownKeySuite(at);
clockSuite(at);
killSuite(at);
nodesSuite(at);
largeSuite(at);
paceSuite(at);
schemaSuite(at);
// Last: each process that goes live after it opens every generation that it made.
raceSuite(at);
