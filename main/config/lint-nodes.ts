import { awsKeyArn, type AwsKeyArn } from './aws-key.ts';
import type { Finding } from './finding.ts';
import { AWS_SECTION, GCP_SECTION, KMIP_SECTION } from './parameters.ts';
import { entriesOf, unquoted, type ConfigFile } from './parse.ts';
import { fipsSwitch } from './lint.ts';

/** One node's files, to be compared with the others'. */
export interface NodeFiles {
  readonly node: string;
  readonly file: string;
  readonly config: ConfigFile;
  readonly modules: { readonly file: string; readonly config: ConfigFile } | null;
}

/**
 * What only shows when nodes are seen together: keys of several AWS accounts, different keys, a KeyStore that is on here
 * and off there, FIPS switches that differ. Each finding stands at the node that differs from the first one.
 */
export function lintNodes(nodes: readonly NodeFiles[]): Finding[] {
  const [first, ...others] = nodes;
  if (first === undefined) return [];
  return others.flatMap((other) => [...keys(first, other), ...keystores(first, other), ...fips(first, other)]);
}

/** What names the key of each KMS beyond AWS; `account` is the parameter that says whose it is. */
const OTHER_KEYS: readonly { readonly section: string; readonly key: string; readonly account: string | null }[] = [
  { section: GCP_SECTION, key: 'KEY_ID', account: 'PROJECT_ID' },
  { section: GCP_SECTION, key: 'KEY_RING_ID', account: null },
  { section: KMIP_SECTION, key: 'KEY_ID', account: 'PARTITION' },
];

function keys(first: NodeFiles, other: NodeFiles): Finding[] {
  return [...awsKeys(first, other), ...OTHER_KEYS.flatMap((one) => otherKeys(first, other, one))];
}

function otherKeys(first: NodeFiles, other: NodeFiles, { section, key, account }: (typeof OTHER_KEYS)[number]): Finding[] {
  const differs = (name: string): boolean => {
    const values = [entry(first, section, name).value, entry(other, section, name).value];
    return !values.includes('') && values[0] !== values[1];
  };
  const place = (name: string): Finding['where'] => ({ file: other.file, line: entry(other, section, name).line, key: `${section}.${name}`, node: other.node });
  if (account !== null && differs(account)) {
    return [{ severity: 'critical', code: 'CONFIG_KEY_OTHER_ACCOUNT', what: `${account} is not the one of node ${first.node}: the key is another one, whatever its ID says.`, where: place(account), remedy: `Give every node the same ${account}.` }];
  }
  if (!differs(key)) return [];
  return [{ severity: 'warning', code: 'CONFIG_KEY_DIFFERS', what: `${key} is not the one of node ${first.node}: what one of them activates, the other may not be able to unwrap.`, where: place(key), remedy: `Give every node the same ${key}.` }];
}

function awsKeys(first: NodeFiles, other: NodeFiles): Finding[] {
  const [here, there] = [entry(first, AWS_SECTION, 'CUSTOMER_KEY_ID'), entry(other, AWS_SECTION, 'CUSTOMER_KEY_ID')];
  if (here.value === '' || there.value === '') return [];
  const where = { file: other.file, line: there.line, key: `${AWS_SECTION}.CUSTOMER_KEY_ID`, node: other.node };
  const [a, b] = [awsKeyArn(here.value), awsKeyArn(there.value)];
  if (a !== null && b !== null && a.account !== b.account) {
    return [{ severity: 'critical', code: 'CONFIG_KEY_OTHER_ACCOUNT', what: `The key belongs to AWS account ${b.account}, that of node ${first.node} to ${a.account}.`, where, remedy: 'Give every node the key of the same account, or its replica.' }];
  }
  if (idOf(here.value, a) === idOf(there.value, b)) return [];
  return [{ severity: 'warning', code: 'CONFIG_KEY_DIFFERS', what: `The key is not the one of node ${first.node}: what one of them activates, the other may not be able to unwrap.`, where, remedy: 'Give every node the same key ID: of a multi-Region key the replicas have the same.' }];
}

function idOf(value: string, arn: AwsKeyArn | null): string {
  return arn?.key ?? value;
}

function keystores(first: NodeFiles, other: NodeFiles): Finding[] {
  const [here, there] = [entry(first, '', 'MASTERKEY_KEY_STORE_ENABLED'), entry(other, '', 'MASTERKEY_KEY_STORE_ENABLED')];
  if ((here.value === 'true') === (there.value === 'true')) return [];
  const [on, off] = there.value === 'true' ? ['on', 'off'] : ['off', 'on'];
  return [
    {
      severity: 'critical',
      code: 'CONFIG_KEYSTORE_DIFFERS',
      what: `The KeyStore is ${on} here and ${off} on node ${first.node}: the node where it is off can not read what the other saves.`,
      where: { file: other.file, line: there.line, key: 'MASTERKEY_KEY_STORE_ENABLED', node: other.node },
      remedy: 'Turn it on, on every node.',
    },
  ];
}

function fips(first: NodeFiles, other: NodeFiles): Finding[] {
  if (first.modules === null || other.modules === null) return [];
  const [here, there] = [fipsSwitch(first.modules.config), fipsSwitch(other.modules.config)];
  if ((here?.on ?? false) === (there?.on ?? false)) return [];
  return [
    {
      severity: 'critical',
      code: 'CONFIG_FIPS_DIFFERS',
      what: `FIPS is ${there?.on === true ? 'on' : 'off'} here and ${here?.on === true ? 'on' : 'off'} on node ${first.node}: hashes and instance keys would not be the same.`,
      where: { file: other.modules.file, line: there?.line ?? null, key: 'fips:mode', node: other.node },
      remedy: 'Set the same switch in modules.ini on every node.',
    },
  ];
}

function entry({ config }: NodeFiles, section: string, key: string): { readonly value: string; readonly line: number | null } {
  const found = entriesOf(config).findLast((one) => one.section === section && one.key === key);
  return { value: found === undefined ? '' : unquoted(found.value), line: found?.line ?? null };
}
