/** What a value has to look like; an empty one is always allowed and means "not set". */
export type ValueForm = 'boolean' | 'encryption-mode' | 'aws-region' | 'aws-key' | 'gcp-project' | 'gcp-location' | 'gcp-name' | 'kmip-url' | 'any';

/** One parameter that the console knows. */
export interface Parameter {
  /** Empty for parameters before any section. */
  readonly section: string;
  readonly key: string;
  readonly form: ValueForm;
  /** Must not stand in the file in plain form, and is never shown. */
  readonly secret: boolean;
  /** Nodes may well differ in it: by region, by machine. */
  readonly ofTheNode: boolean;
}

export const AWS_SECTION = 'encryption_aws_kms';
export const GCP_SECTION = 'encryption_gcp_kms';
export const KMIP_SECTION = 'encryption_kmip_kms';

type Row = readonly [section: string, key: string, form: ValueForm, marks?: string];

const ROWS: readonly Row[] = [
  ['', 'MASTERKEY_KEY_STORE_ENABLED', 'boolean'],
  ['', 'KEY_STORE_LOCATION', 'any', 'node'],
  ['', 'KEY_STORE_PASSWORD', 'any', 'secret'],
  ['', 'ENTITY_ENCRYPTION_MODE', 'encryption-mode'],
  [AWS_SECTION, 'ACCESS_KEY_ID', 'any', 'secret'],
  [AWS_SECTION, 'SECRET_ACCESS_KEY', 'any', 'secret'],
  [AWS_SECTION, 'REGION', 'aws-region', 'node'],
  [AWS_SECTION, 'CUSTOMER_KEY_ID', 'aws-key'],
  [GCP_SECTION, 'PROJECT_ID', 'gcp-project'],
  [GCP_SECTION, 'LOCATION_ID', 'gcp-location', 'node'],
  [GCP_SECTION, 'KEY_ID', 'gcp-name'],
  [GCP_SECTION, 'KEY_RING_ID', 'gcp-name'],
  [GCP_SECTION, 'CREDENTIAL_FILE', 'any', 'secret node'],
  [KMIP_SECTION, 'USER', 'any', 'secret'],
  [KMIP_SECTION, 'PASSWORD', 'any', 'secret'],
  [KMIP_SECTION, 'PARTITION', 'any'],
  [KMIP_SECTION, 'KEY_ID', 'any'],
  [KMIP_SECTION, 'BASE_URL_TEMPLATE', 'kmip-url', 'node'],
];

/** Every parameter of the platform's configuration that concerns keys. */
export const PARAMETERS: readonly Parameter[] = ROWS.map(([section, key, form, marks = '']) => ({
  section,
  key,
  form,
  secret: marks.includes('secret'),
  ofTheNode: marks.includes('node'),
}));

/** Sections whose parameters are all known; others are the platform's own business. */
export const KNOWN_SECTIONS: readonly string[] = [AWS_SECTION, GCP_SECTION, KMIP_SECTION];

/** Sections that the platform has, whose parameters are not described here. */
export const OTHER_SECTIONS: readonly string[] = ['encryption_thales_kms', 'encryption_fortanix_kms'];

export function parameterOf(section: string, key: string): Parameter | null {
  return PARAMETERS.find((parameter) => parameter.section === section && parameter.key === key) ?? null;
}

const SECRET_NAME = /pass(?:word|wd|phrase)|secret|private_?key|credential|token|access_?key|(?:master|data|aes|encryption)[_.-]?key(?![_.-]?(?:id|name|store|alias))/i;

/** Whether a value is never shown: a known secret, or a key of any section that is named like one. */
export function isSecret(section: string, key: string): boolean {
  return parameterOf(section, key)?.secret ?? SECRET_NAME.test(key);
}

/**
 * Whether a value only says where the secret is: empty, or `${NAME}`, the environment variable that holds it. Such a
 * value is no secret in plain form.
 */
export function isReference(value: string): boolean {
  return value === '' || /^\$\{[A-Za-z_][A-Za-z0-9_.:]*\}$/.test(value);
}

/** What is wrong with the form of a value, as the rest of a sentence; null where nothing is. */
export function formMistake(form: ValueForm, value: string): string | null {
  if (value === '' || isReference(value) || form === 'any') return null;
  const { pattern, words } = FORMS[form];
  return pattern.test(value) ? null : words;
}

const FORMS: Readonly<Record<Exclude<ValueForm, 'any'>, { readonly pattern: RegExp; readonly words: string }>> = {
  boolean: { pattern: /^(?:true|false)$/, words: 'it is true or false' },
  'encryption-mode': { pattern: /^(?:ON_SAVE|MDB)$/, words: 'it is ON_SAVE or MDB' },
  'aws-region': { pattern: /^[a-z]{2,4}(?:-[a-z]+){1,3}-[0-9]{1,2}$/, words: 'it is the code of an AWS Region, such as eu-central-1' },
  'aws-key': {
    pattern: /^(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(?:key\/[A-Za-z0-9-]+|alias\/[A-Za-z0-9/_-]+)|alias\/[A-Za-z0-9/_-]+|mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    words: 'it is a key ID, a key ARN, or an alias that begins with alias/',
  },
  'gcp-project': { pattern: /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$|^[0-9]+$/, words: 'it is the ID of a GCP project' },
  'gcp-location': { pattern: /^[a-z]+[a-z0-9]*(?:-[a-z]+[0-9]*)*$/, words: 'it is a GCP location, such as europe-west3, eur4, europe or global' },
  'gcp-name': {
    pattern: /^(?:[A-Za-z0-9_-]{1,63}|projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+(?:\/cryptoKeys\/[^/]+)?)$/,
    words: 'it has letters, digits, "_" and "-", up to 63 of them',
  },
  'kmip-url': {
    pattern: /^kmip:\/\/(?:(?:[A-Za-z0-9._-]|\{partition\})+|\[[0-9A-Fa-f:.]+\])(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?\/?$/,
    words: 'it is kmip://host:5696, without user or password; {partition} may stand for PARTITION',
  },
};
