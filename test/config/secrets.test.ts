import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { alignConfigs } from '../../main/config/compare.ts';
import { unifiedDiff } from '../../main/config/diff.ts';
import { setValue } from '../../main/config/edit.ts';
import { lintConfig } from '../../main/config/lint.ts';
import { lintNodes } from '../../main/config/lint-nodes.ts';
import { parseConfig } from '../../main/config/parse.ts';
import { scanPath } from '../../main/config/scan.ts';

const root = mkdtempSync(join(tmpdir(), 'fkc-planted-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const text = (alphabet: string, length: number) => fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((characters) => characters.join(''));
const SEED = process.env['FKC_SOAK'] === '1' ? undefined : 20260101;
const RUNS = process.env['FKC_SOAK'] === '1' ? 2_000 : 150;

/** Parts of `secret` that would give it away: every stretch of twelve characters, of each of its lines. */
function traces(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length >= 12 && !line.startsWith('-----'));
  return lines.flatMap((line) => Array.from({ length: line.length - 11 }, (_, at) => line.slice(at, at + 12)));
}

function assertHidden(secret: string, shown: unknown, what: string): void {
  const written = typeof shown === 'string' ? shown : JSON.stringify(shown);
  for (const trace of traces(secret)) expect(written.includes(trace), `${what} shows a part of ${JSON.stringify(secret)}`).toBe(false);
}

/** As keys are: what is all alike is none, and may be shown. */
const random = fc.integer().map((number) => createHash('sha256').update(String(number)).digest());
const awsSecret = random.map((key) => key.toString('base64').slice(0, 40));

const pem = fc.constantFrom('ec', 'rsa').map((kind) => {
  const made = kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }) : generateKeyPairSync('rsa', { modulusLength: 1024, privateKeyEncoding: { type: 'pkcs1', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  return made.privateKey.trim();
});
const password = text(LETTERS, 16);

/** A secret, and the file with it: what an operator's config.ini may hold. */
const planted = fc.oneof(
  password.chain((secret) =>
    fc.constantFrom(
      `KEY_STORE_PASSWORD=${secret}\n`,
      `# KEY_STORE_PASSWORD = ${secret}\n`,
      `KEY_STORE_PASSWORD="${secret}"  # ours\n`,
      `[encryption_aws_kms]\nSECRET_ACCESS_KEY=${secret}\nSECRET_ACCESS_KEY=${secret}x\n`,
      `[encryption_kmip_kms]\nUSER=${secret}\nPASSWORD=${secret}\n`,
      `[encryption_aws_kms]\nPASSWORD=${secret}\n`,
      `[other]\ndb.password=${secret}\n`,
      `[other]\nurl=jdbc:postgresql://admin:${secret}@host/db\n`,
      `[other]\nJVM_OPTIONS=-Djavax.net.ssl.keyStorePassword=${secret}\n`,
    ).map((file) => ({ secret, file })),
  ),
  awsSecret.map((secret) => ({ secret, file: `[aws]\nid=AKIAQZ7RT2PLM4XN6WKB\nkey=${secret}\n` })),
  random.map((key) => ({ secret: key.toString('base64'), file: `[own]\nmaster.key=${key.toString('base64')}\n` })),
  random.map((key) => ({ secret: key.toString('base64'), file: `[encryption_aws_kms]\n${key.toString('base64')}\n` })),
  random.map((key) => ({ secret: key.toString('hex'), file: `[encryption_aws_kms]\n${key.toString('hex')}\n` })),
  pem.chain((secret) => fc.constantFrom(`[encryption_gcp_kms]\n${secret}\nKEY_ID=k\n`, `[encryption_gcp_kms]\nprivate_key=${secret}\n[x]\nA=1\n`, `# ${secret.replaceAll('\n', '\n# ')}\n`, `[encryption_gcp_kms]\nkey="${secret.replaceAll('\n', '\\n')}"\n`).map((file) => ({ secret, file }))),
);

test('no finding, comparison or difference of a config.ini shows a secret that was planted in it', () => {
  fc.assert(
    fc.property(planted, ({ secret, file }) => {
      const config = parseConfig(Buffer.from(file));
      assertHidden(secret, lintConfig(config, { file: 'config.ini', node: 'n1', fips: true, modules: null, keystoreOn: true, mode: 0o644 }), 'lint');
      const others = [{ node: 'a', file: 'a', config, modules: null }, { node: 'b', file: 'b', config: parseConfig(Buffer.from('')), modules: null }];
      assertHidden(secret, lintNodes(others), 'lint of nodes');
      assertHidden(secret, alignConfigs(others), 'side by side');
      const next = setValue(setValue(config, 'encryption_aws_kms', 'REGION', 'eu-west-1'), '', 'ENTITY_ENCRYPTION_MODE', 'MDB');
      assertHidden(secret, unifiedDiff(config, next, 'config.ini'), 'difference');
      assertHidden(secret, unifiedDiff(parseConfig(Buffer.from('')), config, 'config.ini'), 'difference of a new file');
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) },
  );
});

test('a private key over several lines is one finding, and no line of it becomes a key', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey;
  const config = parseConfig(Buffer.from(`# ours\n[other]\n${key}A=1\n`));
  const found = lintConfig(config, { file: 'config.ini', node: null, fips: null, modules: null, keystoreOn: false, mode: null });
  expect(found.map(({ code, where }) => `${code} ${where.line}`)).toEqual(['SECRET_PRIVATE_KEY 3']);
  expect(alignConfigs([{ node: 'a', config }]).map((row) => row.key)).toEqual(['A']);
});

/** Files of many kinds, each with what must be found in it. */
const inFiles = fc.oneof(
  password.chain((secret) =>
    fc.constantFrom<[string, string]>(
      ['start.sh', `keytool -list -storepass ${secret} -keystore x\n`],
      ['start.ps1', `keytool -list -storepass "${secret}"\n`],
      ['pom.xml', `<arg>-Djavax.net.ssl.trustStorePassword=${secret}</arg>\n`],
      ['app.properties', `javax.net.ssl.keyStorePassword = ${secret}\n`],
      ['config.ini', `KEY_STORE_PASSWORD=${secret}\n`],
    ).map(([name, file]) => ({ secret, name, file, code: 'SECRET_KEYSTORE_PASSWORD' })),
  ),
  random.chain((key) =>
    fc.constantFrom<[string, string]>(
      ['Key.java', `static final String MASTER_KEY = "${key.toString('base64')}";\n`],
      ['key.py', `aes_key = b64decode('${key.toString('base64')}')\n`],
      ['values.yaml', `  encryptionKey: ${key.toString('base64')}\n`],
      ['app.json', `{"dataKey":"${key.toString('base64')}"}\n`],
    ).map(([name, file]) => ({ secret: key.toString('base64'), name, file, code: 'SECRET_AES_KEY' })),
  ),
  pem.map((secret) => ({ secret, name: 'server.pem', file: `${secret}\n`, code: 'SECRET_PRIVATE_KEY' })),
  pem.map((secret) => ({ secret, name: 'gcp.json', file: JSON.stringify({ type: 'service_account', private_key: secret }), code: 'SECRET_GCP_CREDENTIAL' })),
  awsSecret.map((secret) => ({ secret, name: 'credentials', file: `[default]\naws_access_key_id = AKIAQZ7RT2PLM4XN6WKB\naws_secret_access_key = ${secret}\n`, code: 'SECRET_AWS_SECRET_ACCESS_KEY' })),
);

test('what is planted in a file is found there, and never shown', async () => {
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(inFiles, async ({ secret, name, file, code }) => {
      const path = join(root, `${(turn += 1)}-${name}`.replace(/^(\d+)-(config\.ini|credentials)$/, '$1.$2'));
      writeFileSync(path, file);
      const result = await scanPath(path);
      expect(result.findings.map((finding) => finding.code), file).toContain(code);
      assertHidden(secret, result, 'scan');
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) },
  );
});

test('a search is told how far it is, and is stopped between files and within a large one', async () => {
  const folder = mkdtempSync(join(root, 'many-'));
  for (let file = 0; file < 30; file += 1) writeFileSync(join(folder, `${file}.txt`), 'KEY_STORE_PASSWORD=known-1\n'.repeat(file % 2));
  const seen: [number, number][] = [];
  await scanPath(folder, { onFile: (files, found) => seen.push([files, found]) });
  expect(seen.at(-1)).toEqual([30, 15]);
  const between = new AbortController();
  await expect(scanPath(folder, { signal: between.signal, onFile: (files) => files === 5 && between.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  writeFileSync(join(root, 'large.txt'), 'nothing to see here, move on\n'.repeat(1_000_000));
  const within = new AbortController();
  setTimeout(() => within.abort(), 20);
  const started = performance.now();
  await expect(scanPath(join(root, 'large.txt'), { signal: within.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(performance.now() - started).toBeLessThan(2_000);
});
