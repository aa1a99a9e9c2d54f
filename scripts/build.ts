import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { InlineConfig, Plugin } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'out');
const STAMP = join(OUT, 'build.json');

type Part = 'renderer' | 'preload' | 'electron';

/** What each part is made of: when none of it changed, the part is not built again. */
const SOURCES: Readonly<Record<Part, readonly string[]>> = {
  preload: ['app/preload', 'app/contract'],
  electron: ['app', 'main'],
  renderer: ['renderer', 'app/contract', 'main/errors.ts', '.config/vite.config.ts'],
};
const ALWAYS = ['scripts/build.ts', 'package-lock.json'];

/**
 * Builds out/renderer, out/preload and out/electron; a part whose sources are unchanged is left as it is.
 * @returns the parts that were built.
 */
export async function build(options: { readonly force?: boolean } = {}): Promise<Part[]> {
  const before = options.force === true ? {} : readStamp();
  const now = Object.fromEntries((Object.keys(SOURCES) as Part[]).map((part) => [part, fingerprint(part)])) as Record<Part, string>;
  const stale = (Object.keys(SOURCES) as Part[]).filter((part) => before[part] !== now[part]);
  if (stale.length === 0) return [];

  // Vite keeps what stands there, and a test runner says "test": users would get React's slow development build.
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    for (const part of stale) await buildPart(part, await import('vite'), now[part]);
  } finally {
    if (environment === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = environment;
  }
  return stale;
}

async function buildPart(part: Part, vite: typeof import('vite'), now: string): Promise<void> {
  // Beside its place and then renamed: a console that starts meanwhile finds the old or the new one, never a half.
  const outDir = join(OUT, `.${part}-${process.pid}`);
  const config = await CONFIGS[part]();
  try {
    await vite.build({ ...config, configFile: false, envDir: false, mode: 'production', build: { ...config.build, outDir, emptyOutDir: true } });
    rmSync(join(OUT, part), { recursive: true, force: true });
    renameSync(outDir, join(OUT, part));
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
  writeStamp({ ...readStamp(), [part]: now });
}

const CONFIGS: Readonly<Record<Part, () => Promise<InlineConfig>>> = { renderer: rendererConfig, preload: preloadConfig, electron: electronConfig };

async function rendererConfig(): Promise<InlineConfig> {
  return (await import('../.config/vite.config.ts')).default;
}

/** One CommonJS file: a sandboxed preload script can load nothing but `electron`. */
async function preloadConfig(): Promise<InlineConfig> {
  return {
    ...COMMON,
    plugins: [await channelNamesOnly()],
    build: {
      ...COMMON.build,
      target: 'chrome140',
      lib: { entry: join(ROOT, 'app/preload/preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
      rolldownOptions: { external: ['electron'] },
    },
  };
}

/** ES modules with everything but `electron` and Node's own modules in them: they load quicker and are what gets packaged. */
async function electronConfig(): Promise<InlineConfig> {
  return {
    ...COMMON,
    plugins: [sourceUrls()],
    // Google's client is CommonJS that looks for its folder while it is loaded.
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ...COMMON.build,
      target: 'node24',
      ssr: true,
      rolldownOptions: {
        input: { main: join(ROOT, 'app/electron/main.ts'), 'sealing-worker': join(ROOT, 'main/lu/sealing-worker.ts') },
        external: ['electron', /^node:/],
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js', format: 'es' },
      },
    },
  };
}

const COMMON = {
  root: ROOT,
  publicDir: false,
  logLevel: 'warn',
  build: { minify: false, reportCompressedSize: false },
} satisfies InlineConfig;

/** The preload script needs the channels' names alone: the schemas, and zod with them, stay out of the page's process. */
async function channelNamesOnly(): Promise<Plugin> {
  const contract = join(ROOT, 'app', 'contract', 'index.ts');
  // In a process of its own: this one may have loaded the contract before it was changed.
  const program = `const { channelNames, IPC_EVENT, IPC_REQUEST } = await import(${JSON.stringify(pathToFileURL(contract).href)}); console.log(JSON.stringify({ channelNames, IPC_EVENT, IPC_REQUEST }))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const exported = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  return {
    name: 'channel-names-only',
    load: (id) =>
      id === contract.split(sep).join('/') || id === contract
        ? Object.entries(exported)
            .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
            .join('\n')
        : null,
  };
}

/**
 * Files beside a module (migrations, samples, package.json) are found from its own `import.meta.url`. In the bundle
 * that would be the bundle's: it is replaced by the place of the source, seen from there. A worker has an entry of its
 * own, which lies in the bundle's folder.
 */
function sourceUrls(): Plugin {
  return {
    name: 'source-urls',
    transform(code, id) {
      const file = id.split('?')[0] ?? id;
      if (!file.startsWith(ROOT) || file.includes('node_modules') || !code.includes('import.meta.url')) return null;
      const fromBundle = relative(join(OUT, 'electron'), file).split(sep).join('/');
      const source = `new URL(${JSON.stringify(fromBundle)}, import.meta.url).href`;
      const placed = code.replaceAll(/new URL\((['"])\.\/([\w-]+-worker)\.ts\1, import\.meta\.url\)|import\.meta\.url/g, (_, _quote, worker?: string) =>
        worker === undefined ? source : `new URL('./${worker}.js', import.meta.url)`,
      );
      return { code: placed, map: null };
    },
  };
}

function fingerprint(part: Part): string {
  const hash = createHash('sha256');
  for (const file of [...ALWAYS, ...SOURCES[part]].flatMap((path) => filesUnder(path)).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(ROOT, file))).update('\0');
  }
  return hash.digest('hex');
}

function filesUnder(path: string): string[] {
  const full = join(ROOT, path);
  try {
    return readdirSync(full, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw error;
  }
}

function readStamp(): Partial<Record<Part, string>> {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8')) as Partial<Record<Part, string>>;
  } catch {
    return {};
  }
}

function writeStamp(stamp: Partial<Record<Part, string>>): void {
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, JSON.stringify(stamp, null, 2));
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url) {
  try {
    const built = await build({ force: process.argv.includes('--force') });
    process.stdout.write(built.length === 0 ? 'Everything is built already.\n' : `Built: ${built.join(', ')}.\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
