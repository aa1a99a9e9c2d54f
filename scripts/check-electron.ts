import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'out');

/** One thing that the Electron check does not like. */
export interface Finding {
  readonly id: string;
  readonly description: string;
  /** Relative to the checked folder; `N/A` where it concerns the whole. */
  readonly file: string;
  readonly line: number;
  readonly sample: string;
}

export interface ElectronCheck {
  /** Files that were read. */
  readonly files: readonly string[];
  /** Files that could not be understood, so that nothing is known of them. */
  readonly unreadable: string[];
  readonly findings: readonly Finding[];
}

/** Findings that are known and right, each with the reason. */
const ALLOWED: readonly { readonly id: string; readonly file: string; readonly reason: string }[] = [
  {
    id: 'CSP_GLOBAL_CHECK',
    file: 'N/A',
    reason: 'The policy is a header of every answer of our own app:// protocol, where the checker does not look; the end-to-end tests do.',
  },
  {
    id: 'AUXCLICK_JS_CHECK',
    file: 'electron/main.js',
    reason: 'A middle click asks for a new window as any other click does, and every new window is denied.',
  },
  {
    id: 'PRELOAD_JS_CHECK',
    file: 'electron/main.js',
    reason: 'Reviewed: one bundled file, sandboxed and isolated, that exposes the named methods of the contract.',
  },
  {
    id: 'DANGEROUS_FUNCTIONS_JS_CHECK',
    file: 'electron/open.js',
    reason: 'The setTimeout of node:timers/promises: it waits for a number of milliseconds and runs no text.',
  },
];

/** What the checker answers (it brings no types). */
interface Checked {
  readonly errors: readonly { readonly file: string; readonly tolerable: boolean }[];
  readonly issues: readonly {
    readonly id: string;
    readonly description: string;
    readonly file: string;
    readonly location: { readonly line: number };
    readonly sample?: string | number;
  }[];
}

type Run = (options: {
  input: string;
  isRelative: boolean;
  electronVersionOverride: string;
  excludeFromScan: readonly string[];
}) => Promise<Checked>;

/**
 * Looks for what makes an Electron application unsafe in the built JavaScript and HTML under `folder`, with
 * `@doyensec/electronegativity`. Its parser is older than the language of our builds, so it is given a copy in ES2019,
 * without comments: one of them, in whatever package, could switch a check off.
 */
export async function checkElectron(folder: string): Promise<ElectronCheck> {
  const copy = mkdtempSync(join(tmpdir(), 'fkc-electron-check-'));
  try {
    const files = copyLowered(folder, copy);
    const checked = await loadChecker()({
      input: copy,
      isRelative: true,
      electronVersionOverride: electronVersion(),
      excludeFromScan: ['availablesecurityfixesglobalcheck'],
    });
    return {
      files,
      unreadable: checked.errors.filter(({ tolerable }) => !tolerable).map(({ file }) => relative(copy, file)),
      findings: checked.issues.map(({ id, description, file, location, sample }) => ({
        id,
        description,
        file,
        line: location.line,
        sample: typeof sample === 'string' ? sample : '',
      })),
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Copies what the checker reads, each script as an ES2019 `.js` file; answers their names. */
function copyLowered(from: string, to: string): string[] {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => /\.([cm]?js|html)$/.test(name));
  for (const name of files) {
    const text = readFileSync(join(from, name), 'utf8');
    const target = join(to, name.replace(/\.[cm]js$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, extname(name) === '.html' ? text : lower(text));
  }
  return files;
}

function lower(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    fileName: 'script.js',
    compilerOptions: { allowJs: true, target: ts.ScriptTarget.ES2019, module: ts.ModuleKind.ESNext, removeComments: true },
  });
  return outputText;
}

/**
 * The checker asks the network for translations (and, in the check that is left out, for a list of releases). A check must
 * say the same on every machine, so its HTTP client is replaced, before it is loaded, by one that finds nothing.
 */
function loadChecker(): Run {
  const require = createRequire(import.meta.url);
  const runner = require.resolve('@doyensec/electronegativity/dist/runner.js');
  const client = createRequire(runner).resolve('got');
  const offline = () => Promise.resolve({ statusCode: 404 });
  require.cache[client] = Object.assign(Object.create(null) as NodeJS.Module, { id: client, filename: client, loaded: true, exports: offline });
  return require(runner) as Run;
}

function electronVersion(): string {
  const manifest = readFileSync(join(ROOT, 'node_modules/electron/package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** True for a finding that ALLOWED lists. */
function isAllowed({ id, file }: Finding): boolean {
  return ALLOWED.some((allowed) => allowed.id === id && allowed.file === file);
}

/** Checks out/ and prints what is wrong; answers the exit code. */
async function main(): Promise<number> {
  const { files, unreadable, findings } = await checkElectron(OUT);
  const open = findings.filter((finding) => !isAllowed(finding));
  for (const name of ['electron/main.js', 'preload/preload.cjs', 'renderer/index.html']) {
    if (!files.includes(name)) unreadable.push(name);
  }
  for (const { id, file, line, description, sample } of open) console.error(`${id} ${file}:${line}\n  ${description}\n  ${sample}`);
  for (const file of unreadable) console.error(`${file} is missing or could not be read, so it was not checked.`);
  console.log(`Electron check: ${files.length} files, ${open.length} findings, ${findings.length - open.length} known and right.`);
  return open.length + unreadable.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
