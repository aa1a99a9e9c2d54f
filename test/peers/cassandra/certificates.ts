import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ensureOpenssl } from '../../../scripts/system-parts.ts';

/** A certificate and its private key, as files in PEM form. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the tests, with its own folder; needs `openssl`. */
export class Authority {
  readonly #folder: string;
  readonly #own: Certificate;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#own = { cert: join(folder, 'ca.pem'), key: newKey(join(folder, 'ca-key.pem')) };
    openssl(['req', '-x509', '-new', '-key', this.#own.key, '-out', this.#own.cert, '-days', '30', '-subj', '/CN=Test authority', '-addext', 'basicConstraints=critical,CA:TRUE']);
  }

  /** The file with the authority's own certificate. */
  get ca(): string {
    return this.#own.cert;
  }

  /**
   * Signs a certificate for host names and addresses; good for servers and clients where `usage` does not tell for which
   * alone. @param days 0: it has expired as soon as it is made.
   */
  sign(name: string, hosts: readonly string[], { usage, days = 30 }: { readonly usage?: 'clientAuth' | 'serverAuth'; readonly days?: number } = {}): Certificate {
    const made = { cert: join(this.#folder, `${name}.pem`), key: newKey(join(this.#folder, `${name}-key.pem`)) };
    const request = join(this.#folder, `${name}.csr`);
    const extensions = join(this.#folder, `${name}.ext`);
    const names = hosts.map((host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`).join(',');
    writeFileSync(extensions, `${names === '' ? '' : `subjectAltName=${names}\n`}${usage === undefined ? '' : `extendedKeyUsage=${usage}\n`}`);
    openssl(['req', '-new', '-key', made.key, '-out', request, '-subj', `/CN=${name}`]);
    openssl(['x509', '-req', '-in', request, '-CA', this.#own.cert, '-CAkey', this.#own.key, '-CAcreateserial', '-days', String(days), '-out', made.cert, '-extfile', extensions]);
    return made;
  }

  /** What Cassandra's own PEM reader takes: the private key followed by its chain. */
  chainOf({ cert, key }: Certificate): string {
    return [key, cert, this.#own.cert].map((file) => readFileSync(file, 'utf8')).join('\n');
  }
}

function newKey(file: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return file;
}

function openssl(args: readonly string[]): void {
  execFileSync(ensureOpenssl(), args, { stdio: 'pipe' });
}
