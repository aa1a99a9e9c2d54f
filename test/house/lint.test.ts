import { ESLint, type Linter } from 'eslint';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const BAD = fileURLToPath(new URL('../fixtures/lint-bad', import.meta.url));
const CONFIG = fileURLToPath(new URL('../../.config/eslint.config.mjs', import.meta.url));

/** `rule line` of each mistake, as the comments at the ends of the lines announce them. */
function announced(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const rules = /(?:\/\/|\{\/\*) ([@a-z0-9/ -]+?)(?: \*\/\})?$/.exec(line)?.[1];
    return rules === undefined ? [] : rules.split(' ').map((rule) => `${rule} ${index + 1}`);
  });
}

describe('the linter sees', () => {
  let results: ESLint.LintResult[];
  beforeAll(async () => {
    results = await new ESLint({ cwd: BAD, overrideConfigFile: CONFIG }).lintFiles(['.']);
  }, 60_000);

  it.each(['app/window.ts', 'main/habits.ts', 'renderer/Page.tsx'])('every mistake of %s', (name) => {
    const result = results.find(({ filePath }) => relative(BAD, filePath).replaceAll('\\', '/') === name);
    const found = result?.messages.map(({ ruleId, line }: Linter.LintMessage) => `${ruleId ?? 'unreadable'} ${line}`);
    expect(found?.sort()).toEqual(announced(`${BAD}/${name}`).sort());
    expect(found).not.toEqual([]);
  });
});
