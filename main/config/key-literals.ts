import { entropyOf, isCounting } from './entropy.ts';

/** A stretch of a line: UTF-16 offsets, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** 128, 192 and 256 bits as base64 (of either alphabet) or hex. */
const BASE64 = /(?<![A-Za-z0-9+/_=-])(?:[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{43}=?|[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{32})(?![A-Za-z0-9+/_=-])/g;
const HEX = /(?<![0-9A-Za-z_-])(?:0x)?(?:[0-9a-f]{64}|[0-9a-f]{48}|[0-9a-f]{32}|[0-9A-F]{64}|[0-9A-F]{48}|[0-9A-F]{32})(?![0-9A-Za-z_-])/g;

/** Characters before a literal in which its name is looked for. */
const REACH = 120;
/** `name =`, `"name":`, `name: Type =`, and what stands between that and the literal (a call, a quote). */
const ASSIGNED = /([A-Za-z_][\w.-]*)["'\]]*\s*(?::\s*[\w<>[\], .]{1,40})?(?:=>|:=|[:=])[^:=]*$/;
const ELEMENT = /<([A-Za-z][\w.:-]*)[^<>]*>\s*$/;
/** Calls that take nothing but key bytes. */
const CALLS = /\b(?:SecretKeySpec|createCipheriv|createDecipheriv|Fernet|AESGCM|AES\.new|AesGcm|setEncryptionKey|setSecretKey)\b[^;]*$/;

const WANTED: ReadonlySet<string> = new Set(['key', 'keys', 'secret', 'kek', 'dek', 'aes', 'cipher', 'masterkey', 'aeskey', 'secretkey', 'encryptionkey', 'datakey', 'sharedkey']);
const UNWANTED =
  /^(?:pub|public|publickey|finger|fingerprint|fingerprints|thumbprint|sha\d*|md5|digest|checksum|sum|integrity|etag|id|ids|keyid|kid|uuid|guid|commit|cache|spki|pin|signature|sig|cert|certificate|nonce|salt|iv|description|revision|version|alias|arn|primary|foreign|partition|sort|index|etag|url|file|path)$/;

/** Literals of the length and randomness of an AES key, where their name says that they are one. */
export function keyLiterals(text: string): Span[] {
  return [...spansOf(text, BASE64, isRandomBase64), ...spansOf(text, HEX, isRandomHex)].filter(({ start }) => isNamedKey(text.slice(Math.max(0, start - REACH), start)));
}

function spansOf(text: string, pattern: RegExp, isRandom: (literal: string) => boolean): Span[] {
  return [...text.matchAll(pattern)].filter(([literal]) => isRandom(literal)).map(({ 0: literal, index }) => ({ start: index, end: index + literal.length }));
}

function isRandomBase64(literal: string): boolean {
  const body = literal.replace(/=+$/, '');
  if (/^[0-9a-f]+$|^[0-9A-F]+$/.test(body)) return false;
  const mixed = /[a-z]/.test(body) && /[A-Z]/.test(body) && /[0-9+/_-]/.test(body);
  return mixed && entropyOf(body) >= (body.length > 40 ? 4.3 : body.length > 30 ? 4 : 3.6);
}

function isRandomHex(literal: string): boolean {
  const body = literal.replace(/^0x/, '');
  return /[0-9]/.test(body) && /[a-f]/i.test(body) && entropyOf(body) >= 3 && !isCounting(body);
}

function isNamedKey(before: string): boolean {
  if (CALLS.test(before)) return true;
  const name = ELEMENT.exec(before)?.[1] ?? ASSIGNED.exec(before)?.[1];
  if (name === undefined) return false;
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  // `k2_hash_key` is a key, `key_hash` is none.
  if (words.includes('hash') && !WANTED.has(last)) return false;
  return words.some((word) => WANTED.has(word)) && !words.some((word) => UNWANTED.test(word));
}

/** `masterKey2`, `MASTER_KEY`, `master.key` → `master`, `key`, … */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=[a-z])(?<!sha|md)\d+$/, ''))
    .filter((word) => word !== '');
}
