import { awsKeyArn } from './aws-key.ts';
import type { Finding } from './finding.ts';
import { lintLines, type Tell } from './lint-form.ts';
import { AWS_SECTION, GCP_SECTION, isReference, KMIP_SECTION, parameterOf } from './parameters.ts';
import { entriesOf, keyPath, unquoted, type ConfigEntry, type ConfigFile } from './parse.ts';

/** What is known from elsewhere, to compare a file with. */
export interface LintContext {
  /** As findings show it. */
  readonly file: string;
  readonly node: string | null;
  /** The FIPS switch that the profile expects; null where there is nothing to compare with. */
  readonly fips: boolean | null;
  /** The node's modules.ini; null where it is not at hand. */
  readonly modules: { readonly file: string; readonly config: ConfigFile } | null;
  /** Whether the cluster's KeyStore was ever turned on. */
  readonly keystoreOn: boolean;
  /** Permission bits; null where the system has none. */
  readonly mode: number | null;
}

/** Finds the entry that counts, its value without quotes. */
type Look = (section: string, key: string) => { readonly value: string; readonly line: number | null; readonly key: string };

/** Everything that one node's config.ini shows to be wrong, contradictory or dangerous. Findings never hold a secret. */
export function lintConfig(file: ConfigFile, context: LintContext): Finding[] {
  const tell: Tell = (severity, code, { line, key }, what, remedy) => ({ severity, code, what, where: { file: context.file, line, key, node: context.node }, remedy });
  if (file.encoding === 'utf-16') {
    return [tell('critical', 'CONFIG_ENCODING', { line: null, key: null }, 'The file is UTF-16: the platform does not read it, and nothing in it was checked.', 'Save it as UTF-8.')];
  }
  const look = lookIn(entriesOf(file));
  return [
    ...(file.encoding === 'latin1' ? [tell('note', 'CONFIG_ENCODING', { line: null, key: null }, 'The file is not UTF-8; its bytes are kept as they are.', 'Save it as UTF-8.')] : []),
    ...lintLines(file, tell, { file: context.file, node: context.node }),
    ...keystore(look, context, tell),
    ...missing(look, tell),
    ...awsKey(look, tell),
    ...gcpKey(look, tell),
    ...fips(context, tell),
    ...openFile(file, context, tell),
  ];
}

/** The FIPS switch of a modules.ini: `fips:mode=on`, or `mode` in its section; null where it is not there. */
export function fipsSwitch(modules: ConfigFile): { readonly on: boolean; readonly line: number } | null {
  const found = entriesOf(modules).findLast(({ section, key }) => key === 'fips:mode' || (section === 'fips' && key === 'mode'));
  return found === undefined ? null : { on: /^(?:on|true|yes|1)$/i.test(unquoted(found.value)), line: found.line };
}

function lookIn(entries: readonly ConfigEntry[]): Look {
  return (section, key) => {
    const found = entries.findLast((entry) => entry.section === section && entry.key === key);
    return { value: found === undefined ? '' : unquoted(found.value), line: found?.line ?? null, key: keyPath(section, key) };
  };
}

function keystore(look: Look, { keystoreOn }: LintContext, tell: Tell): Finding[] {
  const enabled = look('', 'MASTERKEY_KEY_STORE_ENABLED');
  const location = look('', 'KEY_STORE_LOCATION');
  const password = look('', 'KEY_STORE_PASSWORD');
  if (enabled.value === 'true') {
    return location.value === '' ? [tell('critical', 'CONFIG_VALUE_MISSING', location, 'The KeyStore is on, but KEY_STORE_LOCATION does not say where it is: the node can not go live.', 'Give the path of the KeyStore file on this node.')] : [];
  }
  // What a variable says is known on the node alone.
  if (enabled.value !== '' && isReference(enabled.value)) return [];
  if (keystoreOn) {
    return [tell('critical', 'CONFIG_KEYSTORE_TURNED_OFF', enabled, 'This cluster\'s KeyStore is on, and can not be turned off again: with this file the node can not read what was saved under it.', 'Set MASTERKEY_KEY_STORE_ENABLED=true, with the location of the KeyStore.')];
  }
  return [location, password]
    .filter(({ value }) => value !== '')
    .map((entry) => tell('warning', 'CONFIG_CONTRADICTION', entry, `${entry.key} is set, but the KeyStore is not on: it has no effect.`, 'Turn the KeyStore on, or let it be empty.'));
}

/** Groups of parameters that only work together: with one of them set, all of `needed` must be. */
const TOGETHER: readonly { readonly section: string; readonly any: readonly string[]; readonly needed: readonly string[] }[] = [
  { section: AWS_SECTION, any: ['REGION', 'CUSTOMER_KEY_ID', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'], needed: ['REGION', 'CUSTOMER_KEY_ID'] },
  { section: AWS_SECTION, any: ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'], needed: ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'] },
  { section: GCP_SECTION, any: ['PROJECT_ID', 'LOCATION_ID', 'KEY_ID', 'KEY_RING_ID', 'CREDENTIAL_FILE'], needed: ['PROJECT_ID', 'LOCATION_ID', 'KEY_RING_ID', 'KEY_ID'] },
  { section: KMIP_SECTION, any: ['KEY_ID', 'BASE_URL_TEMPLATE', 'USER', 'PASSWORD', 'PARTITION'], needed: ['BASE_URL_TEMPLATE', 'KEY_ID'] },
  { section: KMIP_SECTION, any: ['PASSWORD'], needed: ['USER'] },
];

function missing(look: Look, tell: Tell): Finding[] {
  return TOGETHER.flatMap(({ section, any, needed }) => {
    const given = any.map((key) => look(section, key)).filter(({ value }) => value !== '');
    if (given.length === 0) return [];
    return needed
      .map((key) => look(section, key))
      .filter(({ value }) => value === '')
      .map((entry) =>
        tell('critical', 'CONFIG_VALUE_MISSING', { key: entry.key, line: entry.line ?? given[0]?.line ?? null }, `${entry.key} is missing, though ${given.map(({ key }) => key.slice(section.length + 1)).join(' and ')} ${given.length === 1 ? 'is' : 'are'} set: the KMS can not be used.`, `Give ${entry.key}, or let the others be empty.`),
      );
  });
}

function awsKey(look: Look, tell: Tell): Finding[] {
  const key = look(AWS_SECTION, 'CUSTOMER_KEY_ID');
  const region = look(AWS_SECTION, 'REGION');
  const arn = awsKeyArn(key.value);
  if (arn === null || region.value === '' || isReference(region.value) || arn.region === region.value) return [];
  return [
    tell('critical', 'CONFIG_KEY_OTHER_REGION', key, `The key is one of ${arn.region}, but REGION says ${region.value}: the KMS does not find it there.`, `Set REGION=${arn.region}, or give the key of ${region.value}${arn.key.startsWith('mrk-') ? ' (of a multi-Region key its replica there)' : ''}.`),
  ];
}

/** A KEY_ID or KEY_RING_ID given as a whole resource name must agree with the parameters beside it. */
function gcpKey(look: Look, tell: Tell): Finding[] {
  return ['KEY_ID', 'KEY_RING_ID'].flatMap((name) => {
    const entry = look(GCP_SECTION, name);
    const [, project, location, ring] = /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/([^/]+)/.exec(entry.value) ?? [];
    const parts = [['PROJECT_ID', project], ['LOCATION_ID', location], ['KEY_RING_ID', ring]] as const;
    return parts
      .filter(([key, part]) => key !== name && part !== undefined && ![part, ''].includes(look(GCP_SECTION, key).value) && !look(GCP_SECTION, key).value.endsWith(`/keyRings/${part}`))
      .map(([key, part]) =>
        tell('critical', key === 'LOCATION_ID' ? 'CONFIG_KEY_OTHER_REGION' : 'CONFIG_KEY_OTHER_ACCOUNT', entry, `${name} names ${part ?? ''}, but ${key} says ${look(GCP_SECTION, key).value}.`, `Correct one of them, or give ${name} alone.`),
      );
  });
}

function fips({ fips: expected, modules, node }: LintContext, tell: Tell): Finding[] {
  const found = modules === null ? null : fipsSwitch(modules.config);
  if (modules === null || expected === null || (found?.on ?? false) === expected) return [];
  const finding = tell('critical', 'CONFIG_FIPS_DIFFERS', { line: found?.line ?? null, key: 'fips:mode' }, `FIPS is ${expected ? 'off' : 'on'} in this node's modules.ini, and ${expected ? 'on' : 'off'} in the profile: hashes and instance keys would not be the same.`, `Set fips:mode=${expected ? 'on' : 'off'} there, or correct the profile.`);
  return [{ ...finding, where: { ...finding.where, file: modules.file, node } }];
}

function openFile(file: ConfigFile, { mode }: LintContext, tell: Tell): Finding[] {
  const holds = entriesOf(file).some(({ section, key, value }) => parameterOf(section, key)?.secret === true && !isReference(unquoted(value)));
  if (mode === null || !holds || (mode & 0o007) === 0) return [];
  return [tell('warning', 'CONFIG_FILE_OPEN', { line: null, key: null }, `Every user of the machine may read this file (mode ${(mode & 0o777).toString(8)}), and it holds secrets.`, 'Give it mode 0600, owned by the user that runs the node.')];
}
