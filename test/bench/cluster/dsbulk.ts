import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureJava17 } from '../../../scripts/system-parts.ts';
import { jarsOf } from '../../peers/cassandra/jars.ts';

const LOADER = 'com.datastax.oss.dsbulk.runner.DataStaxBulkLoader';

/** Seconds of one operation: of the whole command, and what the loader itself says, without the start of its Java machine. */
export interface Bulk {
  readonly command: number;
  readonly own: number;
}

/** Runs DataStax Bulk Loader. */
export async function dsbulk(operation: 'unload' | 'load', contactPoint: string, folder: string, query: string): Promise<Bulk> {
  const [host = '', port = '9042'] = contactPoint.split(':');
  const args = ['-Xmx1g', '-cp', join(jarsOf('dsbulk-pom.xml'), '*'), LOADER, operation, '-h', host, '-port', port, '-dc', 'datacenter1', '-url', join(folder, 'out'), '-logDir', join(folder, 'logs'), '-query', query, '-header', 'false', '--connector.csv.maxCharsPerColumn', '-1'];
  const mapping = operation === 'load' ? ['-maxErrors', '0'] : [];
  const start = performance.now();
  const { stdout, stderr } = await promisify(execFile)(ensureJava17(), [...args, ...mapping], { maxBuffer: 16 * 1024 * 1024 });
  const command = (performance.now() - start) / 1000;
  const said = `${stdout}${stderr}`;
  const [, words = ''] = /completed successfully in (.*?)\.?\s*$/m.exec(said) ?? [];
  // Counted as none, in the loader's favour.
  if (words === 'less than one second') return { command, own: 0 };
  const units = { hour: 3600, minute: 60, second: 1, millisecond: 0.001 } as const;
  const parts = [...words.matchAll(/([\d.]+) (hour|minute|second|millisecond)s?/g)];
  if (parts.length === 0) throw new Error(`The bulk loader did not say how long it took:\n${said}`);
  return { command, own: parts.reduce((sum, [, value, unit]) => sum + Number(value) * units[unit as keyof typeof units], 0) };
}
