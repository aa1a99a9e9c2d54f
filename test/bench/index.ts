/**
 * `npm run bench [-- NAME …] [-- --json]`: each figure is a ratio against a limit or a peer in the same run, with its
 * goal and what bounds it. Nothing here fails; tests assert no times.
 */
import type { BenchRow } from './row.ts';
import { printTable } from './table.ts';

const BENCHES: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  envelope: async () => (await import('./envelope.ts')).envelopeBench(),
  import: async () => (await import('./import.ts')).importBench(),
  window: async () => (await import('./window.ts')).windowBench(),
  timeline: async () => (await import('./timeline.ts')).timelineBench(),
  census: async () => (await import('./census.ts')).censusBench(),
  rekey: async () => (await import('./rekey.ts')).rekeyBench(),
  'rekey-memory': async () => (await import('./rekey-memory.ts')).rekeyMemoryBench(),
  'going-live': async () => (await import('./going-live.ts')).goingLiveBench(),
  regions: async () => (await import('./regions.ts')).regionsBench(),
  'kmip-codec': async () => (await import('./kmip-codec.ts')).kmipCodecBench(),
};

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`No bench "${unknown.join(', ')}". There are: ${Object.keys(BENCHES).join(', ')}.\n`);
  process.exit(2);
}

const rows: BenchRow[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await bench()));
}
process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(rows, null, 2)}\n` : printTable(rows));
