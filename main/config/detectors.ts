import { entropyOf } from './entropy.ts';
import { keyLiterals, type Span } from './key-literals.ts';

/** What kind of secret it looks like. */
export type SecretKind =
  | 'aws-access-key-id'
  | 'aws-secret-access-key'
  | 'gcp-credential'
  | 'private-key'
  | 'private-key-encrypted'
  | 'keystore-password'
  | 'password'
  | 'aes-key';

export interface Secret extends Span {
  readonly kind: SecretKind;
}

/** What is known of the text around a line. */
export interface LineContext {
  /** Source code: a password is a literal only in quotes; without them it is a name. */
  readonly code: boolean;
  /** A file of settings, where `password = …` is a password. */
  readonly settings: boolean;
  /** A file of checksums: what looks random there is one. */
  readonly checksums: boolean;
  /** An AWS access key ID stands within a few lines. */
  readonly nearAccessKey: boolean;
}

export const SETTINGS: LineContext = { code: false, settings: true, checksums: false, nearAccessKey: false };

const ACCESS_KEY_ID = /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])/g;
const FORTY = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g;
const NAMES_SECRET_KEY = /(?:secret[_.-]?(?:access)?[_.-]?key|aws[_.-]?secret)["'\]]?\s*(?:=>|:=|[:=,\s(>])\s*["']?$/i;
/** `value` is the group; its quotes are kept outside. */
const STOREPASS = /(?<![\w-])-(?:src|dest)?(?:store|key)pass(?:=|["']?\s*,?\s+)(?:"([^"\r\n]+)"|'([^'\r\n]+)'|([^\s"',;)]+))/g;
const STORE_PASSWORD = /(?:key|trust)[_.-]?store[_.-]?pass(?:word|phrase|wd)?["'\]]?\s{0,8}(?:=>|:=|[:=])\s{0,16}(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^\s"',;]+))/gi;
const SETTING = /^\s*(?:export\s+|-\s+)?["']?[\w.-]*?(?:pass(?:word|wd|phrase)|secret(?:[_.-]?access)?(?:[_.-]?key)?)["']?\s*[:=]\s*(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^\s"',;]+))/gi;
const IN_URL = /(?<![A-Za-z0-9])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{0,128}:([^\s@/"'<>]{1,256})@/gi;
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY(?: BLOCK)?-----/;
/** How the body of a private key begins: a DER sequence, OpenSSH's own form, an OpenPGP packet. */
const KEY_BODY = /(?:^|[^A-Za-z0-9+/])(?:M[A-Z]|b3BlbnNzaC1|l[QI]|x[cf])[A-Za-z0-9+/]{20,}/;

/** What looks like a secret in one line, in order, none of them overlapping. Its text is never part of the answer. */
export function secretsIn(text: string, context: LineContext = SETTINGS): Secret[] {
  const found: Secret[] = [...privateKeyIn(text), ...accessKeys(text, context), ...passwords(text, context)];
  if (!context.checksums) found.push(...keyLiterals(text).map((span) => ({ kind: 'aes-key' as const, ...span })));
  const kept: Secret[] = [];
  // Of two that overlap the one that was named first is the surer one.
  for (const secret of found) if (!kept.some((other) => secret.start < other.end && other.start < secret.end)) kept.push(secret);
  return kept.sort((a, b) => a.start - b.start);
}

/** Where a private key begins in this line; null where none does. */
export function privateKeyHeader(text: string): { readonly start: number; readonly end: number; readonly encrypted: boolean } | null {
  const found = PRIVATE_KEY.exec(text);
  return found === null ? null : { start: found.index, end: found.index + found[0].length, encrypted: /ENCRYPTED/.test(found[1] ?? '') };
}

/** Whether a line is the begin of a private key's body, after its header. */
export function isPrivateKeyBody(text: string, encrypted: boolean): boolean {
  return KEY_BODY.test(text) || (encrypted && /[A-Za-z0-9+/=]{32}/.test(text));
}

function privateKeyIn(text: string): Secret[] {
  const header = privateKeyHeader(text);
  if (header === null || !isPrivateKeyBody(text.slice(header.end).replace(/^(?:\\+[nr])+/, ''), header.encrypted)) return [];
  const end = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.exec(text.slice(header.end));
  const kind = header.encrypted ? 'private-key-encrypted' : 'private-key';
  return [{ kind, start: header.start, end: end === null ? text.length : header.end + end.index + end[0].length }];
}

function accessKeys(text: string, { nearAccessKey }: LineContext): Secret[] {
  const ids = [...text.matchAll(ACCESS_KEY_ID)].filter(([id]) => !id.includes('EXAMPLE'));
  const secrets = [...text.matchAll(FORTY)].filter(({ 0: secret, index }) => {
    if (!/[a-z]/.test(secret) || !/[A-Z]/.test(secret) || !/[0-9]/.test(secret) || secret.includes('EXAMPLE')) return false;
    // One in a thousand real ones has less than 4 bits a character: a name makes up for that.
    const named = NAMES_SECRET_KEY.test(text.slice(Math.max(0, index - 80), index));
    return entropyOf(secret) >= (named ? 3.2 : 4) && (named || nearAccessKey || ids.length > 0);
  });
  return [
    ...secrets.map(({ 0: secret, index }) => ({ kind: 'aws-secret-access-key' as const, start: index, end: index + secret.length })),
    ...ids.map(({ 0: id, index }) => ({ kind: 'aws-access-key-id' as const, start: index, end: index + id.length })),
  ];
}

function passwords(text: string, { code, settings }: LineContext): Secret[] {
  return [
    ...valuesOf(text, STOREPASS, 'keystore-password', false),
    ...valuesOf(text, STORE_PASSWORD, 'keystore-password', code),
    ...(settings ? valuesOf(text, SETTING, 'password', false) : []),
    ...valuesOf(text, IN_URL, 'password', false).filter(({ start, end }) => !/^(?:pass(?:word)?|pwd|secret|pw)$/i.test(text.slice(start, end))),
  ];
}

/** The values that a pattern's groups hold, but for words that stand in the place of one. */
function valuesOf(text: string, pattern: RegExp, kind: SecretKind, quotedOnly: boolean): Secret[] {
  return [...text.matchAll(pattern)].flatMap(({ 0: whole, 1: first, 2: second, 3: bare, index }) => {
    const value = first ?? second ?? (quotedOnly ? undefined : bare);
    // In a list of arguments a bare word is a name: `'-storepass', PASSWORD`.
    if (value === undefined || isPlaceholder(value) || (value === bare && whole.includes(','))) return [];
    const start = index + whole.lastIndexOf(value);
    return [{ kind, start, end: start + value.length }];
  });
}

/** A variable, a hole to fill in, or a word for "nothing": no secret. */
function isPlaceholder(value: string): boolean {
  return /^(?:$|[*x.\-_]+$|[^\x21-\x7e]|\$[A-Za-z_{(]|%[^%]+%$|<[^>]*>?|\{|\[|`|\(|\\|-{1,2}[a-z]|(?:env|file|vault|ref|arn|projects)[:/]|ENC\(|(?:change-?me|example|placeholder|redacted|null|none|nil|undefined|true|false|your[-_].*)$)/i.test(value);
}
