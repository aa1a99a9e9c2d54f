import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKey as createAwsKey } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { awsSection, line, LU, Node, setAwsVariables } from './node.ts';

const aws = useAws(await installLocalStack());
const node = new Node();

beforeAll(async () => {
  setAwsVariables();
  await node.make();
});

afterAll(async () => {
  await node.remove();
});

it('a KMS key that stops to unwrap is seen while the process goes on, with what a restart would lose', async () => {
  const keyId = await createAwsKey(aws.url);
  node.configure(awsSection(keyId));
  const services = await node.restart();
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  await services.activation.run(line('AWS_KMS'), null);
  const { description } = await services.activation.run(line('AWS_KMS'), null);
  const { kms } = await services.status();
  expect(kms).toMatchObject([{ provider: 'AWS_KMS', location: 'eu-west-1', circuit: 'closed', failingSince: null }]);
  expect(kms[0]?.latencyMs).toBeGreaterThan(0);

  const before = Date.now();
  aws.proxy.set({ fault: { kind: 'error', status: 400, type: 'DisabledException' } });
  await services.kmsWatch.look();
  expect(aws.proxy.passed).toHaveLength(1);
  const finding = (await services.overview.get()).findings.find(({ id }) => id === `kms:AWS_KMS:${keyId}`);
  expect(finding).toMatchObject({ severity: 'critical', code: 'KMS_KEY_DISABLED' });
  expect(finding?.evidence).toContain('2 generations could not be unwrapped at a restart');
  expect(finding?.evidence).toContain(description);
  expect(finding?.evidence).toContain('This process holds 2 of them');
  expect((await services.kmsWatch.keys())[0]?.since).toBeGreaterThanOrEqual(before);
  expect(await node.save('meanwhile')).toBe(description);

  aws.proxy.set({ fault: { kind: 'cut', after: null } });
  for (let round = 0; round < 2; round += 1) await services.kmsWatch.look();
  const [endpoint] = (await services.status()).kms;
  expect(endpoint).toMatchObject({ circuit: 'open', lastFailure: { code: 'KMS_UNREACHABLE' } });
  expect(endpoint?.failingSince).toBeGreaterThanOrEqual(before);
  // Since the first of the failures in a row, whatever each of them was.
  expect((await services.kmsWatch.keys())[0]?.since).toBeLessThanOrEqual(endpoint?.failingSince ?? 0);

  aws.proxy.set();
  const again = await node.restart();
  expect((await again.overview.get()).findings.filter(({ id }) => id.startsWith('kms:'))).toEqual([]);
  expect((await again.kmsWatch.keys())[0]).toMatchObject({ generations: [expect.any(String), description], held: 2, failure: null });

  aws.proxy.set({ fault: { kind: 'error', status: 400, type: 'AccessDeniedException' } });
  const without = await node.restart();
  expect((await without.overview.get()).findings.find(({ id }) => id === `kms:AWS_KMS:${keyId}`)).toMatchObject({ code: 'KMS_PERMISSION_DENIED', evidence: expect.stringContaining('This process holds 0 of them') });
});
