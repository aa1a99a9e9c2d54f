/** What must hold under faults, on three real nodes that are started once for all of it. */
import { afterAll, beforeAll } from 'vitest';
import { killSuite } from './kill.ts';
import { raceSuite } from './race.ts';
import { startThreeNodes, type ThreeNodes } from './three-nodes.ts';

let cluster: ThreeNodes;
const at = (): ThreeNodes => cluster;

beforeAll(async () => {
  cluster = await startThreeNodes();
  await (await cluster.open()).close();
});
afterAll(() => cluster?.stop());

raceSuite(at);
killSuite(at);
