import { basename, extname } from 'node:path';
import { isPrivateKeyBody, privateKeyHeader, secretsIn, type LineContext, type Secret, type SecretKind } from './detectors.ts';
import type { Piece } from './read-lines.ts';

/** A secret in a file, without its text. */
export interface FoundSecret {
  readonly kind: SecretKind;
  /** From 1. */
  readonly line: number;
  /** Its length in characters; null where it goes over several lines. */
  readonly length: number | null;
}

const CODE = /^\.(?:[cm]?[jt]sx?|java|kt|kts|scala|groovy|py|rb|go|rs|cs|c|h|cc|cpp|hpp|swift|php|dart|vue|svelte)$/;
const SETTINGS_FILE = /^\.(?:ini|properties|env|cfg|conf|config|toml|ya?ml)$|^\.env/;
const CHECKSUMS = /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|composer\.lock|go\.sum|checksums?\.txt|(?:md5|sha\d+)sums?(?:\.txt)?)$|\.(?:lock|lockb|sum|sha1|sha256|sha512|md5|map|svg)$/i;

/** Lines within which an access key ID and its secret are looked for together. */
const NEAR = 3;
/** Lines within which a private key's header is followed by its body. */
const BODY_WITHIN = 8;

/** Looks at one file, piece by piece, and remembers what lines tell about each other. */
export class FileScan {
  readonly #context: Omit<LineContext, 'nearAccessKey'>;
  readonly #maxFound: number;
  #found: FoundSecret[] = [];
  #total = 0;
  #accessKeyLine = Number.NEGATIVE_INFINITY;
  #header: { readonly line: number; encrypted: boolean } | null = null;
  /** Keys that stand in a JSON field, until it is known whose file this is. */
  #jsonKeys: FoundSecret[] = [];
  #google = false;
  /** The last piece's secrets, by their place in the line: the next one may show the same. */
  #seen = { line: 0, ends: new Set<number>() };

  /** @param maxFound secrets that are remembered; more are only counted */
  constructor(file: string, maxFound: number) {
    const name = basename(file);
    const extension = extname(name).toLowerCase();
    this.#context = { code: CODE.test(extension), settings: SETTINGS_FILE.test(extension) || name.startsWith('.env'), checksums: CHECKSUMS.test(name) };
    this.#maxFound = maxFound;
  }

  take(piece: Piece): void {
    const { line, text } = piece;
    if (/"type"\s*:\s*"(?:service_account|authorized_user)"/.test(text)) this.#google = true;
    if (this.#seen.line !== line) this.#seen = { line, ends: new Set() };
    for (const secret of secretsIn(text, { ...this.#context, nearAccessKey: line - this.#accessKeyLine <= NEAR })) this.#takeSecret(secret, piece);
    if (/"refresh_token"\s*:\s*"1\/\//.test(text)) this.#jsonKeys.push({ kind: 'gcp-credential', line, length: null });
    this.#followKey(piece);
  }

  /** What was found, by line, and how many there were in all. */
  end(): { readonly found: readonly FoundSecret[]; readonly total: number } {
    for (const key of this.#jsonKeys) if (this.#google) this.#add({ ...key, kind: 'gcp-credential' });
      else if (key.kind !== 'gcp-credential') this.#add(key);
    this.#jsonKeys = [];
    return { found: this.#found.sort((a, b) => a.line - b.line), total: this.#total };
  }

  #takeSecret({ kind, start, end }: Secret, { line, text, offset, last }: Piece): void {
    // What a piece cuts stands whole in the next one.
    const cut = (offset > 0 && start === 0) || (!last && end === text.length && kind !== 'private-key');
    if (cut || this.#seen.ends.has(offset + start)) return;
    this.#seen.ends.add(offset + start);
    if (kind === 'aws-access-key-id') this.#accessKeyLine = line;
    const secret = { kind, line, length: end - start };
    if (kind === 'private-key' && /"private_key"\s*:\s*"$/.test(text.slice(Math.max(0, start - 40), start))) this.#jsonKeys.push({ ...secret, length: null });
    else this.#add(kind.startsWith('private-key') ? { ...secret, length: null } : secret);
  }

  /** A header alone is a word in a program; with a body after it it is a key. */
  #followKey({ line, text }: Piece): void {
    const header = privateKeyHeader(text);
    if (header !== null) {
      // With its body in the same line it is found as it is.
      this.#header = isPrivateKeyBody(text.slice(header.end).replace(/^(?:\\+[nr])+/, ''), header.encrypted) ? null : { line, encrypted: header.encrypted };
      return;
    }
    if (this.#header === null) return;
    if (/Proc-Type:.*ENCRYPTED/.test(text)) this.#header.encrypted = true;
    if (isPrivateKeyBody(text, this.#header.encrypted)) {
      this.#add({ kind: this.#header.encrypted ? 'private-key-encrypted' : 'private-key', line: this.#header.line, length: null });
      this.#header = null;
    } else if (line - this.#header.line >= BODY_WITHIN) this.#header = null;
  }

  #add(secret: FoundSecret): void {
    this.#total += 1;
    if (this.#found.length < this.#maxFound) this.#found.push(secret);
  }
}
