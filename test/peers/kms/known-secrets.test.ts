// Before all that loads gRPC.
import { CREDENTIAL_FILE, EMAIL, issuerOf, removeServiceAccount, SECRET as ACCOUNT_KEY, TLS } from '../gcp/service-account.ts';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
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
import { lineOf } from '../../conformance/kms-subject.ts';
import { foundIn, foundUnder, knownKeys } from '../../faults/known-key.ts';
import { createKey as createAwsKey, CREDENTIALS } from '../aws/aws.ts';
import { installLocalStack } from '../aws/python-server.ts';
import { useAws } from '../aws/use-aws.ts';
import { createKey as createGcpKey } from '../gcp/gcp.ts';
import { type GcpPeer, startGcpPeer } from '../gcp/server.ts';
import { createKey as createKmipKey, CREDENTIAL, credential } from '../kmip/kmip.ts';
import { type KmipPeer, makePki, startGoPeer } from '../kmip/servers.ts';
import { awsSection, gcpSection, kmipSection, line, LU, Node, setAwsVariables } from './node.ts';

/** The console's own page, as far as the sender check looks at it. */
const FRAME = { url: 'app://console/', origin: 'app://console', parent: null, processId: 1, routingId: 1 };
const CONTENTS: Contents = { mainFrame: FRAME, isDestroyed: () => false, send: () => undefined };
const FROM_US = { sender: CONTENTS, senderFrame: FRAME };
const aws = useAws(await installLocalStack());
const pki = makePki();
const node = new Node();
let gcp: GcpPeer;
let kmip: KmipPeer;

beforeAll(async () => {
  setAwsVariables();
  process.env['FKC_TEST_KMIP_PASSWORD'] = CREDENTIAL.password;
  gcp = await startGcpPeer(TLS);
  kmip = await startGoPeer(pki, { USER_PASSWORD: `${CREDENTIAL.user}:${CREDENTIAL.password}` });
  await node.make({ gcp: { endpoint: `localhost:${gcp.port}` }, kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
});

afterAll(async () => {
  await node.remove();
  await gcp?.stop();
  await kmip?.stop();
  removeServiceAccount();
  rmSync(pki.folder, { recursive: true, force: true });
});

it('known credentials and keys that a KMS made or wrapped are in no file, no answer, no event and no error', async () => {
  const { generate, made } = knownKeys();
  const fromAws: Buffer[] = [];
  const [awsKey, gcpKey, kmipKey] = [await createAwsKey(aws.url), createGcpKey(gcp), await createKmipKey(pki, kmip.port, credential())];
  const kmipAll = { ...kmipSection(kmip.port, kmipKey)['encryption_kmip_kms'], USER: CREDENTIAL.user, PASSWORD: '${FKC_TEST_KMIP_PASSWORD}' };
  const gcpAll = { ...gcpSection(gcpKey)['encryption_gcp_kms'], CREDENTIAL_FILE };
  node.configure({ ...awsSection(awsKey), encryption_gcp_kms: gcpAll, encryption_kmip_kms: kmipAll });
  const heard: string[] = [];
  const hear = (what: unknown): void => void heard.push(inspect(what, { depth: 12, showHidden: true }), JSON.stringify(what));
  const services = await openServices({ home: node.home, profile: 'mine', generate, emit: hear });
  await services.unlock(null);
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });

  aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'changed', change: (answer) => (fromAws.push(Buffer.from(String(answer['Plaintext']), 'base64')), answer) } });
  for (const store of ['AWS_KMS', 'GCP_KMS', 'KMIP_KMS']) {
    hear(await services.activation.plan(line(store)));
    hear(await services.activation.run(line(store), 'known'));
  }
  expect(new Set(gcp.asked.map(({ authorization }) => issuerOf(authorization)))).toEqual(new Set([EMAIL]));
  aws.proxy.set({ fault: { kind: 'error', status: 400, type: 'AccessDeniedException', message: `User ${CREDENTIALS.secretAccessKey} is not authorized` } });
  gcp.set({ fault: { kind: 'status', refusal: { code: 16, details: `The key ${ACCOUNT_KEY} is not known.` } } });
  for (const store of ['AWS_KMS', 'GCP_KMS']) hear(await services.activation.run(line(store), 'known').catch((error: unknown) => error));
  hear([await services.keys.verify(), await services.kmsKeys.overview(true), await services.kmsActs.plan({ act: 'disable', provider: 'AWS_KMS', keyId: awsKey })]);
  await services.keys.list();
  hear([await services.status(), await services.overview.get(), await services.keys.list(), await services.activation.pairs(), await services.configs.lint(), await services.configs.compare(), await services.auditList({ limit: 500 })]);
  hear(services.cluster.kms.registry.endpoints());
  for (const provider of ['AWS_KMS', 'GCP_KMS', 'KMIP_KMS'] as const) heard.push(inspect(services.cluster.kms.registry.target(provider)));
  heard.push(inspect(services.cluster.kms, { depth: 12, showHidden: true }), JSON.stringify(Object.keys(contract)));

  await services.cluster.trail.exportTo(join(node.home, 'audit.jsonl'));
  expect(readFileSync(join(node.home, 'audit.jsonl'), 'utf8')).toContain("storeType='GCP_KMS'");
  const secrets = [...made, ...fromAws, ...[CREDENTIALS.secretAccessKey, CREDENTIAL.password, ACCOUNT_KEY, lineOf(readFileSync(pki.alice.key, 'utf8'))].map((text) => Buffer.from(text))];
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
  aws.proxy.set();
  node.configure({ encryption_aws_kms: { REGION: 'eu-west-1', CUSTOMER_KEY_ID: await createAwsKey(aws.url) } });
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
  aws.proxy.set({ fault: { kind: 'error', status: 400, type: 'UnrecognizedClientException', message: `${CREDENTIALS.secretAccessKey} ${token}` } });
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

it('the command line shows none of them, and hands none on as an argument', async () => {
  using machine = new Machine();
  const profile = ['--profile', 'mine'];
  const kmipAll = { ...kmipSection(kmip.port, await createKmipKey(pki, kmip.port, credential()))['encryption_kmip_kms'], USER: CREDENTIAL.user, PASSWORD: '${FKC_TEST_KMIP_PASSWORD}' };
  machine.write('config.ini', `[encryption_aws_kms]\nREGION=eu-west-1\nCUSTOMER_KEY_ID=${await createAwsKey(aws.url)}\nACCESS_KEY_ID=${CREDENTIALS.accessKeyId}\nSECRET_ACCESS_KEY=${CREDENTIALS.secretAccessKey}\n[encryption_gcp_kms]\nCREDENTIAL_FILE=${CREDENTIAL_FILE}\n${sectionText(gcpSection(createGcpKey(gcp))['encryption_gcp_kms'])}[encryption_kmip_kms]\n${sectionText(kmipAll)}`);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--gcp-endpoint', `localhost:${gcp.port}`, '--kmip-ca', pki.authority.ca, '--kmip-cert', pki.alice.cert, '--kmip-key', pki.alice.key]);
  await machine.json(['profile', 'node', 'mine', 'add', 'n1', '--config-ini', 'config.ini']);
  aws.proxy.set();
  expect(await machine.json([...profile, 'run', line('AWS_KMS'), '--dry-run'])).toMatchObject({ kms: { provider: 'AWS_KMS', location: 'eu-west-1' } });
  aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'slow', ms: 1_500 } });
  const running = machine.start([...profile, 'run', line('AWS_KMS'), '--json']);
  const argv = await argumentsUntil(() => aws.proxy.passed.some(({ operation }) => operation === 'GenerateDataKey'), running.child.pid ?? 0);
  expect((await running.ended).code).toBe(0);
  expect(argv).toContain("storeType='AWS_KMS'");
  aws.proxy.set();
  gcp.set();
  expect(await machine.json([...profile, 'run', line('GCP_KMS')])).toMatchObject({ ok: true });
  expect(gcp.asked.map(({ authorization }) => issuerOf(authorization))).toContain(EMAIL);
  expect(await machine.json([...profile, 'run', line('KMIP_KMS')])).toMatchObject({ ok: true });
  // The server repeats the password that it refuses.
  const refused = await machine.run([...profile, 'run', line('KMIP_KMS'), '--json'], { env: { FKC_TEST_KMIP_PASSWORD: `${CREDENTIAL.password}-wrong` } });
  expect({ ...refused, stdout: JSON.parse(refused.stdout.toString()) as unknown }).toMatchObject({ code: 1, stdout: { code: 'KMS_CREDENTIALS_WRONG' }, stderr: expect.stringContaining('fkc keys verify') });
  expect(await machine.json([...profile, 'keys', 'verify'])).toMatchObject({ unreadable: [] });
  aws.proxy.set({ fault: { kind: 'error', status: 400, type: 'UnrecognizedClientException', message: CREDENTIALS.secretAccessKey } });
  // It goes live without the generation that AWS does not open, and says so.
  const { code, stdout, stderr } = await machine.run([...profile, 'run', line('AWS_KMS'), '--json']);
  expect({ code, answer: JSON.parse(stdout.toString()) as unknown, stderr }).toMatchObject({ code: 1, answer: { code: 'KMS_CREDENTIALS_WRONG' }, stderr: expect.stringContaining('fkc keys verify') });
  expect(await machine.json(['profile', 'kms', 'mine', '--no-gcp-endpoint'])).toMatchObject({ kms: { gcp: null, kmip: { key: pki.alice.key } } });
  await machine.json([...profile, 'audit', 'export', machine.file('audit.jsonl')], { code: 0 });
  const exported = readFileSync(machine.file('audit.jsonl'), 'utf8');
  expect(exported).toContain('activatekey');
  for (const secret of [CREDENTIALS.secretAccessKey, ACCOUNT_KEY, CREDENTIAL.password, lineOf(readFileSync(pki.alice.key, 'utf8'))]) for (const text of [machine.written, argv, exported]) expect(text).not.toContain(secret);
});

/** The arguments of a process and of those that it started, as anybody on its machine may read them, until something has happened. */
async function argumentsUntil(done: () => boolean, pid: number): Promise<string> {
  const seen = new Set<string>();
  while (!done()) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter((child) => child !== '');
    for (const each of [String(pid), ...children]) if (existsSync(`/proc/${each}/cmdline`)) seen.add(readFileSync(`/proc/${each}/cmdline`, 'latin1'));
    await delay(20);
  }
  return [...seen].join('\n');
}

function sectionText(section: Readonly<Record<string, string>> = {}): string {
  return Object.entries(section).map(([key, value]) => `${key}=${value}\n`).join('');
}
