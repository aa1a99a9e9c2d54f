import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureChromium, ensureGo, ensureJava17, ensureJdk, ensureMaven, ensureOpenssl, ensurePyKmip, ensurePython } from './system-parts.ts';

/**
 * Everything that proves the product, in order, quickest first; stops at the first step that fails.
 * `--soak` runs what gets stronger with time, at full depth.
 * The last line is always `N passed, M failed`: tests, and a step that is no test but failed counts as one.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORTS = join(ROOT, 'out/test');
const CODE = ['app', 'main', 'renderer', 'scripts', 'test'];

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

interface Step {
  readonly title: string;
  /** Throws or answers `failed > 0` where the step fails. */
  run(): Counts | Promise<Counts>;
}

const NOTHING: Counts = { passed: 0, failed: 0 };
const FAILED: Counts = { passed: 0, failed: 1 };

function node(script: string, args: readonly string[] = []): boolean {
  return spawnSync(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

function program(title: string, script: string, args: readonly string[] = []): Step {
  return { title, run: () => (node(script, args) ? NOTHING : FAILED) };
}

/** The tests of one vitest project, or of several that run at once: the first is seen as it goes, of each other what it printed is seen at its end. */
function tests(...projects: readonly [string, ...string[]]): Step {
  return {
    title: `tests: ${projects.join(', ')}`,
    async run() {
      const counts = await Promise.all(projects.map((project, place) => testsOf(project, place === 0)));
      return { passed: counts.reduce((sum, { passed }) => sum + passed, 0), failed: counts.reduce((sum, { failed }) => sum + failed, 0) };
    },
  };
}

/** Counted from the project's own report. */
async function testsOf(project: string, shown: boolean): Promise<Counts> {
  const report = join(REPORTS, `${project}.json`);
  rmSync(report, { force: true });
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.config/vitest.config.ts', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['inherit', shown ? 'inherit' : 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const printed = child.stdout === null ? '' : await text(child.stdout);
  const isGood = (await ended) === 0;
  process.stdout.write(printed);
  const { passed, failed } = readCounts(report);
  // A run can fail without a failed test: no tests at all, a file that does not load, an error outside of any test.
  return { passed, failed: isGood && passed > 0 ? failed : Math.max(1, failed) };
}

function readCounts(report: string): Counts {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number };
    return { passed: numPassedTests, failed: numFailedTests };
  } catch {
    return NOTHING;
  }
}

const systemParts: Step = {
  title: 'system parts',
  run() {
    const jdk = ensureJdk();
    for (const part of [ensureChromium(), jdk, ensureJava17(), ensureMaven(), ensureOpenssl(), ensurePython(), ensurePyKmip(), ensureGo()]) console.log(part);
    // The tests call java and keytool by name; JAVA_HOME may be the only one that knows where they are.
    process.env['PATH'] = `${jdk}${delimiter}${process.env['PATH'] ?? ''}`;
    return NOTHING;
  },
};

const ALL: readonly Step[] = [
  systemParts,
  program('types', 'node_modules/typescript/bin/tsc', ['-p', '.']),
  program('lint', 'node_modules/eslint/bin/eslint.js', ['--config', '.config/eslint.config.mjs', ...CODE, '.config']),
  program('import rules', 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs', ['--config', '.config/dependency-cruiser.cjs', ...CODE]),
  tests('unit'),
  tests('processes'),
  program('build', 'scripts/build.ts'),
  program('Electron check', 'scripts/check-electron.ts'),
  tests('peers', 'cassandra'),
  tests('faults'),
  tests('e2e'),
];

const SOAK: readonly Step[] = [systemParts, tests('unit'), tests('processes'), tests('peers', 'cassandra'), tests('faults')];

interface Done extends Counts {
  readonly title: string;
  readonly seconds: number;
}

async function runStep({ title, run }: Step): Promise<Done> {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(2, 60 - title.length))}`);
  const began = performance.now();
  let counts: Counts;
  try {
    counts = await run();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    counts = FAILED;
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`${counts.failed === 0 ? 'done' : 'FAILED'} in ${seconds.toFixed(1)} s`);
  return { ...counts, title, seconds };
}

function printTable(done: readonly Done[], skipped: readonly Step[]): void {
  console.log(`\n${'step'.padEnd(20)}${'time'.padStart(10)}${'passed'.padStart(9)}${'failed'.padStart(9)}`);
  for (const { title, seconds, passed, failed } of done) {
    const time = `${seconds.toFixed(1)} s`.padStart(10);
    console.log(`${title.padEnd(20)}${time}${String(passed).padStart(9)}${String(failed).padStart(9)}`);
  }
  for (const { title } of skipped) console.log(`${title.padEnd(20)}${'not run'.padStart(10)}`);
}

const { soak } = parseArgs({ options: { soak: { type: 'boolean', default: false } } }).values;
if (soak) process.env['FKC_SOAK'] = '1';
mkdirSync(REPORTS, { recursive: true });

const steps = soak ? SOAK : ALL;
const done: Done[] = [];
for (const step of steps) {
  done.push(await runStep(step));
  if (done.at(-1)?.failed !== 0) break;
}
const passed = done.reduce((sum, step) => sum + step.passed, 0);
const failed = done.reduce((sum, step) => sum + step.failed, 0);
printTable(done, steps.slice(done.length));
const last = done.at(-1);
if (failed > 0) console.log(`\nStopped at: ${last?.title ?? ''}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
