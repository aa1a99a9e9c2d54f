import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const READER = fileURLToPath(new URL('ReadKeyStore.java', import.meta.url));

export const PASSWORD = 'changeit';

/** One entry as a Java program reads it with `KeyStore.getKey`. */
export interface JavaEntry {
  readonly alias: string;
  readonly kind: string;
  readonly createdAt: number;
  readonly algorithm: string;
  /** Hex of the key's encoding. */
  readonly key: string;
  /** Hex of the certificate chain, `-` if there is none. */
  readonly certificates: string;
}

/** Runs keytool on `file` with the store password; `legacy` is the JDK's own switch. @returns what it wrote to stdout */
export async function keytool(file: string, parameters: readonly string[], options: { legacy?: boolean } = {}): Promise<string> {
  const flags = options.legacy === true ? ['-J-Dkeystore.pkcs12.legacy'] : [];
  // Dates and words in the output depend on the locale.
  const { stdout } = await run('keytool', [...flags, '-J-Duser.language=en', ...parameters, '-keystore', file, '-storetype', 'PKCS12', '-storepass', PASSWORD]);
  return stdout;
}

/** The operator's own command. */
export async function genSecretKey(file: string, alias: string, options: { legacy?: boolean } = {}): Promise<void> {
  await keytool(file, ['-genseckey', '-alias', alias, '-keyalg', 'aes', '-keysize', '256'], options);
}

export async function genKeyPair(file: string, alias: string, options: { legacy?: boolean } = {}): Promise<void> {
  await keytool(file, ['-genkeypair', '-alias', alias, '-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', 'CN=server'], options);
}

/** Reads every entry with a Java program. */
export async function readWithJava(file: string, password = PASSWORD): Promise<Map<string, JavaEntry>> {
  const { stdout } = await run('java', [READER, file, password], { maxBuffer: 64 * 1024 * 1024 });
  const entries = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): JavaEntry => {
      const [name = '', kind = '', createdAt = '', algorithm = '', key = '', certificates = ''] = line.split(' ');
      return { alias: Buffer.from(name, 'base64').toString('utf8'), kind, createdAt: Number(createdAt), algorithm, key, certificates };
    });
  return new Map(entries.map((entry) => [entry.alias, entry]));
}
