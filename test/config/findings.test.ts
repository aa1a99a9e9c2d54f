import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lintConfig, type LintContext } from '../../main/config/lint.ts';
import { lintNodes } from '../../main/config/lint-nodes.ts';
import { parseConfig } from '../../main/config/parse.ts';

const parse = (text: string | Uint8Array) => parseConfig(typeof text === 'string' ? Buffer.from(text) : text);
const context = (more: Partial<LintContext> = {}): LintContext => ({ file: '/n/config.ini', node: 'n1', fips: null, modules: null, keystoreOn: false, mode: 0o600, ...more });
const lint = (text: string | Uint8Array, more: Partial<LintContext> = {}) => lintConfig(parse(text), context(more));
const nodes = (...texts: string[]) => lintNodes(texts.map((text, index) => ({ node: `n${index + 1}`, file: `/${index + 1}/config.ini`, config: parse(text), modules: null })));

const AWS = '[encryption_aws_kms]\n';
const GCP = '[encryption_gcp_kms]\n';
const KMIP = '[encryption_kmip_kms]\n';
const arn = (region: string, account: string) => `arn:aws:kms:${region}:${account}:key/mrk-0123456789abcdef0123456789abcdef`;
const gcp = (more: string) => `${GCP}PROJECT_ID=project-one\nLOCATION_ID=europe-west3\nKEY_RING_ID=ring\n${more}`;
const modules = (text: string) => ({ file: '/n/modules.ini', config: parse(text) });

/** For every code of the table in docs/config-ini.md that one finding bears: a case, and the line that is told. */
const CASES: Readonly<Record<string, readonly (readonly [ReturnType<typeof lint>, number | null])[]>> = {
  CONFIG_VALUE_MISSING: [
    [lint(`${AWS}REGION=eu-west-1\n`), 2],
    [lint(`${AWS}REGION=eu-west-1\nCUSTOMER_KEY_ID=alias/a\nACCESS_KEY_ID=\${ID}\n`), 4],
    [lint(`${GCP}PROJECT_ID=project-one\nLOCATION_ID=global\nKEY_RING_ID=r\n`), 2],
    [lint(`${KMIP}KEY_ID=1\n`), 2],
    [lint(`${KMIP}KEY_ID=1\nBASE_URL_TEMPLATE=kmip://h\nPASSWORD=\${P}\n`), 4],
    [lint('MASTERKEY_KEY_STORE_ENABLED=true\n'), null],
  ],
  CONFIG_CONTRADICTION: [[lint('MASTERKEY_KEY_STORE_ENABLED=false\nKEY_STORE_LOCATION=/x\n'), 2]],
  CONFIG_KEY_REPEATED: [[lint('ENTITY_ENCRYPTION_MODE=MDB\n\nENTITY_ENCRYPTION_MODE=MDB\n'), 3]],
  CONFIG_KEY_MISSPELT: [[lint(`${KMIP}PARTITON=x\n`), 2]],
  CONFIG_SECTION_MISSPELT: [[lint('\n[encryption_awskms]\n'), 2]],
  CONFIG_KEY_UNKNOWN: [[lint(`${GCP}FLAVOUR=x\n`), 2]],
  CONFIG_SECTION_UNKNOWN: [[lint('[encryption_own_vault]\n'), 1]],
  CONFIG_KEY_MISPLACED: [[lint('CUSTOMER_KEY_ID=alias/a\n'), 1], [lint(`${AWS}MASTERKEY_KEY_STORE_ENABLED=false\n`), 2]],
  CONFIG_VALUE_FORM: [
    [lint('MASTERKEY_KEY_STORE_ENABLED=on\n'), 1],
    [lint(`${AWS}REGION=Ireland\nCUSTOMER_KEY_ID=alias/a\n`), 2],
    [lint(gcp('KEY_ID=a b\n')), 5],
    [lint(`${KMIP}KEY_ID=1\nBASE_URL_TEMPLATE=https://h\n`), 3],
  ],
  CONFIG_KEYSTORE_TURNED_OFF: [
    [lint('MASTERKEY_KEY_STORE_ENABLED=false\n', { keystoreOn: true }), 1],
    [lint('\n', { keystoreOn: true }), null],
  ],
  CONFIG_KEYSTORE_DIFFERS: [[nodes('MASTERKEY_KEY_STORE_ENABLED=true\n', '\nMASTERKEY_KEY_STORE_ENABLED=false\n'), 2]],
  CONFIG_KEY_OTHER_REGION: [
    [lint(`${AWS}REGION=eu-west-1\nCUSTOMER_KEY_ID=${arn('us-east-1', '111122223333')}\n`), 3],
    [lint(gcp('KEY_ID=projects/project-one/locations/us-east1/keyRings/ring/cryptoKeys/k\n')), 5],
  ],
  CONFIG_KEY_OTHER_ACCOUNT: [
    [nodes(`${AWS}CUSTOMER_KEY_ID=${arn('eu-west-1', '111122223333')}\n`, `${AWS}CUSTOMER_KEY_ID=${arn('eu-west-1', '444455556666')}\n`), 2],
    [lint(gcp('KEY_ID=projects/project-two/locations/europe-west3/keyRings/ring/cryptoKeys/k\n')), 5],
    [nodes(gcp('KEY_ID=k\n'), gcp('KEY_ID=k\n').replace('project-one', 'project-two')), 2],
    [nodes(`${KMIP}KEY_ID=k\nPARTITION=a\n`, `${KMIP}KEY_ID=k\nPARTITION=b\n`), 3],
  ],
  CONFIG_KEY_DIFFERS: [
    [nodes(`${AWS}CUSTOMER_KEY_ID=alias/a\n`, `${AWS}CUSTOMER_KEY_ID=alias/b\n`), 2],
    [nodes(gcp('KEY_ID=k\n'), gcp('KEY_ID=other\n')), 5],
    [nodes(`${KMIP}KEY_ID=1\n`, `${KMIP}KEY_ID=2\n`), 2],
  ],
  CONFIG_FIPS_DIFFERS: [
    [lint('', { fips: true, modules: modules('\nfips:mode=off\n') }), 2],
    [lint('', { fips: true, modules: modules('\n') }), null],
    [lint('', { fips: false, modules: modules('[fips]\nmode=on\n') }), 2],
  ],
  CONFIG_SECRET_IN_PLAIN: [
    ...['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].map((key) => [lint(`${AWS}REGION=eu-west-1\nCUSTOMER_KEY_ID=alias/a\n${key}=known\n`), 4] as const),
    ...['USER', 'PASSWORD'].map((key) => [lint(`${KMIP}KEY_ID=1\nBASE_URL_TEMPLATE=kmip://h\n${key}=known\n`), 4] as const),
    [lint(gcp('KEY_ID=k\nCREDENTIAL_FILE=/etc/gcp.json\n')), 6],
    [lint('MASTERKEY_KEY_STORE_ENABLED=true\nKEY_STORE_LOCATION=/x\nKEY_STORE_PASSWORD="known"\n'), 3],
  ],
  CONFIG_FILE_OPEN: [[lint('KEY_STORE_PASSWORD=known\n', { mode: 0o644 }), null]],
  CONFIG_LINE_UNREADABLE: [[lint('# a\nneither\n'), 2]],
  CONFIG_ENCODING: [[lint(Buffer.from('A=\xe9\n', 'latin1')), null], [lint(Buffer.from('\ufeffA=1', 'utf16le')), null]],
};

test.each(Object.entries(CASES))('%s is found, with its line and a remedy', (code, cases) => {
  for (const [findings, line] of cases) {
    const found = findings.filter((finding) => finding.code === code);
    expect(found.map(({ where }) => where.line), JSON.stringify(findings)).toContain(line);
    for (const finding of found) expect(finding).toEqual({ severity: expect.stringMatching(/^(?:critical|warning|note)$/), code, what: expect.stringMatching(/\.$/), where: expect.objectContaining({ node: expect.any(String) }), remedy: expect.stringMatching(/\S/) });
  }
});

test('every code that the handbook names has a case, and every code here is in the handbook', () => {
  const table = readFileSync(new URL('../../docs/config-ini.md', import.meta.url), 'utf8').split('## Findings of `config lint`')[1] ?? '';
  const named = [...table.matchAll(/`(CONFIG_[A-Z_]+)`/g)].map(([, code]) => code);
  expect([...new Set(named)].sort()).toEqual(Object.keys(CASES).sort());
});

test('what a variable says, and what is the same on every node, is no finding', () => {
  expect(lint('MASTERKEY_KEY_STORE_ENABLED=${ON}\n', { keystoreOn: true })).toEqual([]);
  expect(lint(`${AWS}REGION=\${REGION}\nCUSTOMER_KEY_ID=${arn('us-east-1', '111122223333')}\n`)).toEqual([]);
  expect(nodes(gcp('KEY_ID=k\n'), gcp('KEY_ID=k\n'))).toEqual([]);
  expect(nodes(`${AWS}CUSTOMER_KEY_ID=${arn('eu-west-1', '111122223333')}\n`, `${AWS}CUSTOMER_KEY_ID=${arn('us-east-1', '111122223333')}\n`)).toEqual([]);
});
