import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureMaven } from '../../../scripts/system-parts.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const CACHE = join(HERE, '../../../node_modules/.cache');

/** Copies dependencies as a Maven project names them; pinned, so that the same project always gives the same jars. */
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

/**
 * The folder with the jars that a `pom.xml` of this folder names, fetched by Maven at the first use. Several processes may
 * ask at once.
 */
export function jarsOf(pom: string): string {
  const file = join(HERE, pom);
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `${pom.replace(/\.xml$/, '')}-${digest}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Into a folder of its own, put into place whole: a run that was ended half-way leaves nothing that looks complete.
  const fresh = join(CACHE, `${pom}-${randomUUID()}`);
  const { status, stdout, stderr } = spawnSync(ensureMaven(), ['-q', '-B', '-f', file, COPY, `-DoutputDirectory=${fresh}`, '-DincludeScope=runtime'], {
    encoding: 'utf8',
  });
  if (status !== 0 || !existsSync(fresh) || readdirSync(fresh).length === 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`Maven could not fetch what ${pom} names:\n${stdout}\n${stderr}`);
  }
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** A file of this folder. */
export function peerFile(name: string): string {
  return join(HERE, name);
}
