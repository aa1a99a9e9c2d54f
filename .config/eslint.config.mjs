import sdl from '@microsoft/eslint-plugin-sdl';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const ROOT = new URL('..', import.meta.url).pathname;

/** What the house has no use for, found in any source file. Layout is not linted. */
const HABITS = {
  'no-console': 'error',
  'no-debugger': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-throw-literal': 'error',
  eqeqeq: ['error', 'smart'],
  'no-restricted-imports': ['error', { paths: ['assert', 'buffer', 'child_process', 'crypto', 'events', 'fs', 'os', 'path', 'stream', 'url'].map((name) => ({ name, message: `Write node:${name}.` })) }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
};

/** What only the types can tell: a promise that nobody waits for loses its error. */
const PROMISES = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/no-implied-eval': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

export default tseslint.config(
  { ignores: ['out/**', 'node_modules/**', 'test/fixtures/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...sdl.configs.recommended,
  { settings: { react: { version: '19' } } },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: ROOT },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: { ...HABITS, ...PROMISES, 'no-implied-eval': 'off', '@microsoft/sdl/no-insecure-random': 'error' },
  },
  {
    // Outside the TypeScript project, so without its types.
    files: ['.config/**/*.ts'],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ['renderer/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    // The programs that talk to a terminal, and tests that try what must be refused.
    files: ['app/cli/**', 'scripts/**', 'test/**', '.config/**'],
    rules: { 'no-console': 'off', '@microsoft/sdl/no-insecure-url': 'off', '@microsoft/sdl/no-insecure-random': 'off' },
  },
  {
    // What a hostile page would do, done to see it refused.
    files: ['test/e2e/**', 'test/chromium/**'],
    rules: { 'no-new-func': 'off', '@typescript-eslint/no-implied-eval': 'off', '@microsoft/sdl/no-inner-html': 'off' },
  },
  {
    // Buffers outside Node's shared pool: secrets stay apart there, and each is filled to the last byte before it is read.
    files: ['main/crypto/**', 'main/secret.ts'],
    rules: { '@microsoft/sdl/no-unsafe-alloc': 'off' },
  },
  {
    // Random waiting times before another try; nothing secret comes of them.
    files: ['main/audit/trail.ts', 'main/file-lock.ts', 'main/systemdb/sqlite/session.ts'],
    rules: { '@microsoft/sdl/no-insecure-random': 'off' },
  },
  {
    files: ['test/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/switch-exhaustiveness-check': 'off' },
  },
);
