import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contract } from '../../../app/contract/index.ts';
import { createRequestHandler, type Contents } from '../../../app/electron/ipc.ts';
import { consoleLog } from '../../../app/error-log.ts';
import { createHandlers, type HostActions } from '../../../app/handlers/index.ts';
import { openServices } from '../../../app/services.ts';
import { TestKeychain } from '../../app/test-keychain.ts';
import { Machine } from '../../cli/fkc.ts';
import { foundIn, foundUnder, knownKeys } from '../../faults/known-key.ts';
import { createKey as createAwsKey, CREDENTIALS } from '../aws/aws.ts';
import { type FaultProxy, startFaultProxy } from '../aws/fault-proxy.ts';
import { installLocalStack, type KmsServer, startLocalStack } from '../aws/python-server.ts';
import { createKey as createGcpKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { createKey as createKmipKey, CREDENTIAL, credential } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { awsSection, gcpSection, kmipSection, line, LU, Node, setAwsVariables } from './node.ts';

/** The console's own page, as far as the sender check looks at it. */
const FRAME = { url: 'app://console/', origin: 'app://console', parent: null, processId: 1, routingId: 1 };
const CONTENTS: Contents = { mainFrame: FRAME, isDestroyed: () => false, send: () => undefined };
const FROM_US = { sender: CONTENTS, senderFrame: FRAME };
const python = await installLocalStack();
const pki = makePki();
const node = new Node();
let server: KmsServer;
let aws: FaultProxy;
let gcp: GcpPeer;
let kmip: KmipPeer;

beforeAll(async () => {
  setAwsVariables();
  process.env['FKC_TEST_KMIP_PASSWORD'] = CREDENTIAL.password;
  server = await startLocalStack(python);
  aws = await startFaultProxy(server.url);
  process.env['AWS_ENDPOINT_URL_KMS'] = aws.url;
  gcp = await startGcpPeer();
  kmip = await startGoPeer(pki, { USER_PASSWORD: `${CREDENTIAL.user}:${CREDENTIAL.password}` });
  await node.make({ gcp: { endpoint: gcp.endpoint }, kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
});

afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_KMS'];
  await node.remove();
  await aws?.stop();
  await server?.stop();
  await gcp?.stop();
  await kmip?.stop();
  rmSync(pki.folder, { recursive: true, force: true });
});

it('known credentials and keys that a KMS made or wrapped are in no file, no answer, no event and no error', async () => {
  const { generate, made } = knownKeys();
  const fromAws: Buffer[] = [];
  const [awsKey, gcpKey, kmipKey] = [await createAwsKey(server.url), createGcpKey(gcp), await createKmipKey(pki, kmip.port, credential())];
  const kmipAll = { ...kmipSection(kmip.port, kmipKey)['encryption_kmip_kms'], USER: CREDENTIAL.user, PASSWORD: '${FKC_TEST_KMIP_PASSWORD}' };
  node.configure({ ...awsSection(awsKey), ...gcpSection(gcpKey), encryption_kmip_kms: kmipAll });
  const heard: string[] = [];
  const hear = (what: unknown): void => void heard.push(inspect(what, { depth: 12, showHidden: true }), JSON.stringify(what));
  const services = await openServices({ home: node.home, profile: 'mine', generate, emit: hear });
  await services.unlock(null);
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });

  aws.set({ operation: 'GenerateDataKey', fault: { kind: 'changed', change: (answer) => (fromAws.push(Buffer.from(String(answer['Plaintext']), 'base64')), answer) } });
  for (const store of ['AWS_KMS', 'GCP_KMS', 'KMIP_KMS']) {
    hear(await services.activation.plan(line(store)));
    hear(await services.activation.run(line(store), 'known'));
  }
  aws.set({ fault: { kind: 'error', status: 400, type: 'AccessDeniedException', message: `User ${CREDENTIALS.secretAccessKey} is not authorized` } });
  gcp.set({ fault: { kind: 'answer', change: () => ({}) } });
  for (const store of ['AWS_KMS', 'GCP_KMS']) hear(await services.activation.run(line(store), 'known').catch((error: unknown) => error));
  hear([await services.keys.verify(), await services.kmsKeys.overview(true), await services.kmsActs.plan({ act: 'disable', provider: 'AWS_KMS', keyId: awsKey })]);
  await services.keys.list();
  hear([await services.status(), await services.overview.get(), await services.keys.list(), await services.activation.pairs(), await services.configs.lint(), await services.configs.compare(), await services.auditList({ limit: 500 })]);
  hear(services.cluster.kms.registry.endpoints());
  for (const provider of ['AWS_KMS', 'GCP_KMS', 'KMIP_KMS'] as const) heard.push(inspect(services.cluster.kms.registry.target(provider)));
  heard.push(inspect(services.cluster.kms, { depth: 12, showHidden: true }), JSON.stringify(Object.keys(contract)));

  const secrets = [...made, ...fromAws, Buffer.from(CREDENTIALS.secretAccessKey), Buffer.from(CREDENTIAL.password)];
  expect(fromAws).toHaveLength(1);
  expect(foundIn(Buffer.from(heard.join('\n')), 'answers, events and errors', secrets)).toEqual([]);
  for (const when of ['open', 'closed']) {
    if (when === 'closed') await services.close();
    expect((await foundUnder(node.home, secrets)).found).toEqual([]);
  }
});

it.each(['here', 'gone', 'refusing'] as const)('credentials that are given in the window, with the keychain %s, are in no file, answer, event, error or export', async (is) => {
  const token = 'known-session-token-of-the-tests-0123456789';
  const keychain = new TestKeychain();
  keychain.is = is;
  aws.set();
  node.configure({ encryption_aws_kms: { REGION: 'eu-west-1', CUSTOMER_KEY_ID: await createAwsKey(server.url) } });
  const heard: string[] = [];
  const hear = (what: unknown): void => void heard.push(inspect(what, { depth: 12, showHidden: true }), JSON.stringify(what));
  const services = await openServices({ home: node.home, profile: 'mine', keychain, emit: hear });
  await services.unlock(null);
  const give = createRequestHandler({
    contents: () => CONTENTS,
    handlers: () => Promise.resolve(createHandlers(services, {} as HostActions)),
    log: consoleLog(node.home),
  });
  const request = { accessKeyId: CREDENTIALS.accessKeyId, secretAccessKey: CREDENTIALS.secretAccessKey, sessionToken: token };
  const answer = await give(FROM_US, 'kms.giveCredentials', request);
  expect(answer).toMatchObject(is === 'refusing' ? { ok: false, code: 'KEYCHAIN_FAILED' } : { ok: true, value: { kept: is === 'here' ? 'keychain' : 'memory' } });
  hear([answer, await give(FROM_US, 'kms.giveCredentials', { ...request, accessKeyId: 'no, such' }), await give(FROM_US, 'kms.giveCredentials', { ...request, secretAccessKey: `${CREDENTIALS.secretAccessKey} ` })]);
  hear(await give(FROM_US, 'kms.credentials', undefined));
  if (is !== 'refusing') hear(await services.activation.run(line('AWS_KMS'), 'known'));
  aws.set({ fault: { kind: 'error', status: 400, type: 'UnrecognizedClientException', message: `${CREDENTIALS.secretAccessKey} ${token}` } });
  hear([await services.kmsKeys.test('AWS_KMS'), await services.kmsKeys.overview(true), await services.overview.get(), await services.status(), await services.auditList({ limit: 500 })]);
  hear([services.cluster.credentials, services.cluster.kms.registry.endpoints(), await services.profiles.list()]);
  heard.push(inspect(services.cluster.credentials, { depth: 12, showHidden: true }));
  await services.cluster.trail.exportTo(join(node.home, `audit-${is}.jsonl`));
  const secrets = [Buffer.from(CREDENTIALS.secretAccessKey), Buffer.from(token)];
  for (const when of ['open', 'locked', 'closed']) {
    if (when === 'locked') await services.lock('asked');
    if (when === 'closed') await services.close();
    expect((await foundUnder(node.home, secrets)).found).toEqual([]);
  }
  expect(foundIn(Buffer.from(heard.join('\n')), 'answers, events and errors', secrets)).toEqual([]);
});

it('the command line shows none of them', async () => {
  using machine = new Machine();
  const profile = ['--profile', 'mine'];
  machine.write('config.ini', `[encryption_aws_kms]\nREGION=eu-west-1\nCUSTOMER_KEY_ID=${await createAwsKey(server.url)}\nACCESS_KEY_ID=${CREDENTIALS.accessKeyId}\nSECRET_ACCESS_KEY=${CREDENTIALS.secretAccessKey}\n`);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--gcp-endpoint', 'kms.internal:443']);
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  aws.set();
  expect(await machine.json([...profile, 'run', line('AWS_KMS'), '--dry-run'])).toMatchObject({ kms: { provider: 'AWS_KMS', location: 'eu-west-1' } });
  expect(await machine.json([...profile, 'run', line('AWS_KMS')])).toMatchObject({ ok: true });
  expect(await machine.json([...profile, 'run', line('GCP_KMS')], { code: 1 })).toMatchObject({ code: 'PROVIDER_NOT_CONFIGURED' });
  expect(await machine.json([...profile, 'keys', 'verify'])).toMatchObject({ unreadable: [] });
  expect(await machine.json(['profile', 'kms', 'mine', '--no-gcp-endpoint'])).toMatchObject({ kms: { gcp: null, kmip: null } });
  aws.set({ fault: { kind: 'error', status: 400, type: 'UnrecognizedClientException', message: CREDENTIALS.secretAccessKey } });
  // It goes live without the generation that AWS does not open, and says so.
  const { code, stdout, stderr } = await machine.run([...profile, 'run', line('AWS_KMS'), '--json']);
  expect({ code, answer: JSON.parse(stdout.toString()) as unknown, stderr }).toMatchObject({ code: 1, answer: { code: 'KMS_CREDENTIALS_WRONG' }, stderr: expect.stringContaining('fkc keys verify') });
  expect(machine.written).not.toContain(CREDENTIALS.secretAccessKey);
});
