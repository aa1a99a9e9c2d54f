import { expect, test } from 'vitest';
import { compareConfigs } from '../../main/config/compare.ts';
import { lintConfig } from '../../main/config/lint.ts';
import { lintNodes } from '../../main/config/lint-nodes.ts';
import { parseConfig } from '../../main/config/parse.ts';

const parse = (text: string) => parseConfig(Buffer.from(text));
const lint = (text: string, context = {}) => lintConfig(parse(text), { file: 'config.ini', node: 'n1', fips: null, modules: null, keystoreOn: false, mode: 0o600, ...context });
const codes = (text: string, context = {}) => lint(text, context).map(({ code, where }) => `${code} ${where.line} ${where.key}`);
const AWS = '[encryption_aws_kms]\n';

test.each<[string, string[]]>([
  [`${AWS}REGION=eu-west-1\n`, ['CONFIG_VALUE_MISSING 2 encryption_aws_kms.CUSTOMER_KEY_ID']],
  [`${AWS}REGON=eu-west-1\n`, ['CONFIG_KEY_MISSPELT 2 encryption_aws_kms.REGON']],
  [`${AWS}COLOUR=red\n`, ['CONFIG_KEY_UNKNOWN 2 encryption_aws_kms.COLOUR']],
  ['[encryption_aws_kmss]\n', ['CONFIG_SECTION_MISSPELT 1 null']],
  ['MASTERKEY_KEY_STORE_ENABLED=yes\n', ['CONFIG_VALUE_FORM 1 MASTERKEY_KEY_STORE_ENABLED']],
  ['MASTERKEY_KEYSTORE_ENABLED=true\n', ['CONFIG_KEY_MISSPELT 1 MASTERKEY_KEYSTORE_ENABLED']],
  ['MASTERKEY_KEY_STORE_ENABLED=true\n', ['CONFIG_VALUE_MISSING null KEY_STORE_LOCATION']],
  ['ENTITY_ENCRYPTION_MODE=SAVE\n', ['CONFIG_VALUE_FORM 1 ENTITY_ENCRYPTION_MODE']],
  ['KEY_STORE_LOCATION=/x\n', ['CONFIG_CONTRADICTION 1 KEY_STORE_LOCATION']],
  [`${AWS}REGION=eu-west-1\nCUSTOMER_KEY_ID=arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef\n`, ['CONFIG_KEY_OTHER_REGION 3 encryption_aws_kms.CUSTOMER_KEY_ID']],
  ['[encryption_kmip_kms]\nKEY_ID=1\nBASE_URL_TEMPLATE=http://h\n', ['CONFIG_VALUE_FORM 3 encryption_kmip_kms.BASE_URL_TEMPLATE']],
  ['ENTITY_ENCRYPTION_MODE=MDB\nENTITY_ENCRYPTION_MODE=ON_SAVE\n', ['CONFIG_KEY_REPEATED 2 ENTITY_ENCRYPTION_MODE']],
  ['[other]\nFREE=1\nnonsense\n', ['CONFIG_LINE_UNREADABLE 3 null']],
])('%j', (text, expected) => expect(codes(text)).toEqual(expected));

test('what is right has no finding', () => {
  expect(codes(`MASTERKEY_KEY_STORE_ENABLED=true\nKEY_STORE_LOCATION=/x\nKEY_STORE_PASSWORD=\${KS}\n${AWS}REGION=eu-west-1 # here\nCUSTOMER_KEY_ID=alias/a\n[encryption_kmip_kms]\nKEY_ID=1\nPARTITION=eu\nBASE_URL_TEMPLATE=kmip://hsm-{partition}.example:5696\n[encryption_thales_kms]\nX=1\n`)).toEqual([]);
});

test('secrets in plain form are found and not shown', () => {
  const found = lint(`${AWS}REGION=eu-west-1\nCUSTOMER_KEY_ID=alias/a\nACCESS_KEY_ID=known-id\nSECRET_ACCESS_KEY=known-secret\n`, { mode: 0o644 });
  expect(found.map(({ code }) => code)).toEqual(['CONFIG_SECRET_IN_PLAIN', 'CONFIG_SECRET_IN_PLAIN', 'CONFIG_FILE_OPEN']);
  expect(JSON.stringify(found)).not.toMatch(/known-/);
});

test('the KeyStore turned off, and another FIPS switch', () => {
  expect(codes('MASTERKEY_KEY_STORE_ENABLED=false\n', { keystoreOn: true })).toEqual(['CONFIG_KEYSTORE_TURNED_OFF 1 MASTERKEY_KEY_STORE_ENABLED']);
  const modules = { file: 'modules.ini', config: parse('fips:mode=on\n') };
  expect(codes('', { fips: false, modules })).toEqual(['CONFIG_FIPS_DIFFERS 1 fips:mode']);
  expect(codes('', { fips: true, modules })).toEqual([]);
});

test('nodes against each other', () => {
  const arn = (account: string, region: string) => parse(`${AWS}REGION=${region}\nCUSTOMER_KEY_ID=arn:aws:kms:${region}:${account}:key/mrk-1\nSECRET_ACCESS_KEY=known-${account}\n`);
  const [a, b] = [arn('111122223333', 'eu-west-1'), arn('444455556666', 'us-east-1')];
  expect(lintNodes([a, b].map((config, index) => ({ node: `n${index}`, file: 'f', config, modules: null }))).map(({ code }) => code)).toEqual(['CONFIG_KEY_OTHER_ACCOUNT']);
  const rows = compareConfigs([{ node: 'a', config: a }, { node: 'b', config: b }]);
  expect(rows.map(({ key, ofTheNode, values }) => [key, ofTheNode, values.map(({ group }) => group)])).toEqual([['REGION', true, [1, 2]], ['CUSTOMER_KEY_ID', false, [1, 2]], ['SECRET_ACCESS_KEY', false, [1, 2]]]);
  expect(JSON.stringify(rows)).not.toContain('known-');
});
