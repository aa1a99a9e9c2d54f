import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scanPath } from '../../main/config/scan.ts';

const root = mkdtempSync(join(tmpdir(), 'fkc-scan-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let turn = 0;
async function scanned(name: string, content: string | Uint8Array, options = {}) {
  const folder = join(root, `${(turn += 1)}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), content);
  return scanPath(folder, options);
}
const codes = async (name: string, content: string | Uint8Array) => (await scanned(name, content)).findings.map(({ code, where }) => `${code} ${where.line}`);

const ID = `AKIA${'QZ7RT2PLM4XN6WKB'}`;
const SECRET = ['wJalrX', 'UtnFEMI9K7MDENGbPxRf', 'iCYzq3Lkd2Hs9a'].join('');
const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey;
const ENCRYPTED_PEM = createPrivateKey(PEM).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter22' }).toString();

test.each<[string, string, string[]]>([
  ['a.py', `x = 1\nclient("${ID}", "${SECRET}")\n`, ['SECRET_AWS_ACCESS_KEY_ID 2', 'SECRET_AWS_SECRET_ACCESS_KEY 2']],
  ['credentials', `aws_secret_access_key = ${SECRET}\n`, ['SECRET_AWS_SECRET_ACCESS_KEY 1']],
  ['gcp.json', JSON.stringify({ type: 'service_account', private_key: PEM }, null, 1), ['SECRET_GCP_CREDENTIAL 3']],
  ['key.pem', PEM, ['SECRET_PRIVATE_KEY 1']],
  ['encrypted.pem', ENCRYPTED_PEM, ['SECRET_PRIVATE_KEY_ENCRYPTED 1']],
  ['run.sh', 'keytool -genseckey -storepass hunter22 -alias x\n', ['SECRET_KEYSTORE_PASSWORD 1']],
  ['app.properties', 'javax.net.ssl.keyStorePassword=hunter22\n', ['SECRET_KEYSTORE_PASSWORD 1']],
  ['config.ini', 'KEY_STORE_PASSWORD=hunter22\r\n', ['SECRET_KEYSTORE_PASSWORD 1']],
  ['app.env', 'HOST=db\nDB_PASSWORD=hunter22\n', ['SECRET_PASSWORD 2']],
  ['Main.java', 'String url = "postgresql://admin:hunter22@db/crm";\n', ['SECRET_PASSWORD 1']],
  ['Key.java', `byte[] MASTER_KEY = decode("${randomBytes(32).toString('base64')}");`, ['SECRET_AES_KEY 1']],
  ['key.yaml', `dataKey: ${randomBytes(32).toString('hex')}`, ['SECRET_AES_KEY 1']],
])('finds what is in %s', async (name, content, expected) => {
  const { findings } = await scanned(name, content);
  expect(findings.map(({ code, where }) => `${code} ${where.line}`)).toEqual(expected);
  expect(JSON.stringify(findings)).not.toMatch(/hunter22|wJalrX|QZ7RT/);
});

test('finds nothing in what only looks like a secret', async () => {
  const digest = createHash('sha256').update('x');
  const b64 = digest.copy().digest('base64');
  const hex = digest.digest('hex');
  expect(await codes('package-lock.json', `{"key":"${b64}","integrity":"sha256-${b64}"}`)).toEqual([]);
  expect(
    await codes(
      'notes.ini',
      [`id = ${randomUUID()}`, `keyId: ${hex.slice(0, 32)}`, `fingerprint = ${hex}`, `SHA256:${b64.slice(0, 43)}`, `commit ${hex.slice(0, 40)}`, 'KEY_STORE_PASSWORD=${KS}', 'password=', 'SECRET_ACCESS_KEY=            *', '-----BEGIN PRIVATE KEY-----', 'AKIAIOSFODNN7EXAMPLE', 'keytool -storepass:env X -storepass … -storepass "$P"', `public_key=${b64}`, 'test_key=000102030405060708090a0b0c0d0e0f'].join('\n'),
    ),
  ).toEqual([]);
  expect(await codes('a.ts', "const keyStorePassword = ask();\nkeytool('-storepass', PASSWORD, '-x');\nif (x === '-----BEGIN PRIVATE KEY-----') {}\n")).toEqual([]);
});

test('skips what is no text, too large, or a link, and says so; long lines are read in pieces', async () => {
  expect((await scanned('x.bin', Buffer.concat([Buffer.from(ID), Buffer.alloc(4)]))).skipped).toMatchObject([{ why: 'binary' }]);
  expect((await scanned('x.txt', 'x'.repeat(200), { maxFileBytes: 100 })).skipped).toMatchObject([{ why: 'too-large' }]);
  symlinkSync(root, join(root, 'loop'));
  expect((await scanPath(root)).skipped.filter(({ why }) => why === 'link')).toHaveLength(1);
  for (const before of [65_520, 65_536, 61_440, 200_000]) expect(await codes('long.js', `${' '.repeat(before)}${ID} ${' '.repeat(50_000)}`)).toEqual(['SECRET_AWS_ACCESS_KEY_ID 1']);
  await expect(scanPath(join(root, 'none'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
});
