import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeCommand } from '../../main/command/complete.ts';
import { formatCommand } from '../../main/command/format.ts';
import { takesArgs, type ActivateKeyCommand } from '../../main/command/grammar.ts';
import { parseCommand } from '../../main/command/parse.ts';
import { GENERATORS, POSSIBLE_PAIRS } from '../../main/masterkey/types.ts';
import { EVERYTHING, LOCAL } from './vocabularies.ts';

const RUNS = process.env['FKC_SOAK'] === '1' ? 100_000 : 1_000;

const argsText = fc.string({ unit: fc.constantFrom(...'abc =;,\'"\\‘éß漢😀'), minLength: 1, maxLength: 40 });

const commands: fc.Arbitrary<ActivateKeyCommand> = fc
  .constantFrom(...GENERATORS)
  .chain((generatorType) =>
    fc.record({
      name: fc.constantFrom(...EVERYTHING.names),
      generatorType: fc.constant(generatorType),
      storeType: fc.constantFrom(...POSSIBLE_PAIRS[generatorType]),
      args: fc.option(argsText),
    }),
  )
  .map((command) => (takesArgs(command.generatorType, command.storeType) ? command : { ...command, args: null }));

/** `text` with the case of each ASCII letter as the bits of `choice` say. */
function inAnyCase(text: string, choice: number): string {
  return [...text].map((letter, index) => ((choice >> index % 30) & 1 ? letter.toUpperCase() : letter.toLowerCase())).join('');
}

const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r\n'), maxLength: 3 });
const someBlank = blank.map((text) => `${text} `);

/** A command with a line that says it in some order, case, quotes and blanks. */
const written = fc
  .record({
    command: commands,
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
    letters: fc.nat(),
    quotes: fc.array(fc.constantFrom("'", '"'), { minLength: 4, maxLength: 4 }),
    blanks: fc.array(fc.tuple(someBlank, blank, blank), { minLength: 4, maxLength: 4 }),
    end: fc.constantFrom('', ' ', ';', ' ; \n'),
  })
  .map(({ command, order, letters, quotes, blanks, end }) => {
    const { name, generatorType, storeType, args } = command;
    const parts = [
      ['name', name],
      ['generatorType', inAnyCase(generatorType, letters)],
      ['storeType', inAnyCase(storeType, letters)],
      ...(args === null ? [] : [['WITH ARGS', args]]),
    ];
    let text = inAnyCase('activatekey', letters);
    for (const index of order) {
      const [parameter = '', value = ''] = parts[index] ?? [];
      const [before = ' ', left = '', right = ''] = blanks[index] ?? [];
      const quote = quotes[index] ?? "'";
      if (parameter === '') continue;
      text += `${before}${inAnyCase(parameter, letters >> 3)}${left}=${right}${quote}${value.replaceAll(quote, quote + quote)}${quote}`;
    }
    return { command, text: text + end };
  });

/** Good lines with a few pieces cut, doubled, swapped for odd characters or glued in. */
const mutated = fc
  .tuple(
    written,
    fc.array(
      fc.record({
        at: fc.nat(),
        cut: fc.nat({ max: 6 }),
        insert: fc.oneof(
          fc.constant(''),
          fc.constantFrom("'", '"', '=', ';', ',', 'name', 'WITH', ' ', '\n', '\0', '\u200b', '\u202e', '‘', '“', '＝', 'а', '\ud800', 'ﷺ'),
          fc.string({ unit: 'binary', maxLength: 3 }),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([{ text }, edits]) =>
    edits.reduce((line, { at, cut, insert }) => {
      const place = at % (line.length + 1);
      return line.slice(0, place) + insert + line.slice(place + cut);
    }, text),
  );

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.array(fc.constantFrom('activatekey', 'name', 'WITH', 'ARGS', '=', "'", '"', ';', ' ', 'storeType', "'Java_AES'", '\n'), { maxLength: 30 }).map((parts) => parts.join('')),
  mutated,
);

describe('properties of the language', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(commands, (command) => {
        expect(parseCommand(formatCommand(command), EVERYTHING)).toEqual({ ok: true, command });
      }),
      { numRuns: RUNS },
    );
  });

  it('reads the same in any order, case, quotes and blanks', () => {
    fc.assert(
      fc.property(written, ({ command, text }) => {
        expect(parseCommand(text, EVERYTHING)).toEqual({ ok: true, command });
      }),
      { numRuns: RUNS },
    );
  });

  it('answers any text with a command or one problem inside the text', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(LOCAL, EVERYTHING), (text, known) => {
        const line = parseCommand(text, known);
        if (line.ok) {
          expect(parseCommand(formatCommand(line.command), known)).toEqual(line);
          return;
        }
        const { start, end, message, remedy } = line.problem;
        expect(0 <= start && start <= end && end <= text.length).toBe(true);
        expect(message).not.toBe('');
        expect(remedy).not.toBe('');
      }),
      { numRuns: 3 * RUNS },
    );
  });

  it('makes progress where its suggestion is taken', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const before = parseCommand(text, EVERYTHING);
        if (before.ok || before.problem.suggestion === null) return;
        const { code, start, end, suggestion } = before.problem;
        const mended = text.slice(0, start) + suggestion + text.slice(end);
        const after = parseCommand(mended, EVERYTHING);
        if (after.ok || mended.length < text.length) return;
        const isSame = after.problem.code === code && after.problem.start === start && after.problem.end === end && after.problem.suggestion === suggestion;
        expect(isSame).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('completes any text at any cursor with ranges inside the text, around the cursor', () => {
    fc.assert(
      fc.property(anything, fc.nat(), (text, at) => {
        const cursor = at % (text.length + 1);
        for (const { from, to } of completeCommand(text, cursor, EVERYTHING)) {
          expect(0 <= from && from <= cursor && cursor <= to && to <= text.length).toBe(true);
        }
      }),
      { numRuns: 2 * RUNS },
    );
  });
});

describe('hostile input', () => {
  it.each([
    ['quotes', "'".repeat(4096)],
    ['doubled quotes in a value', `activatekey name='${"''".repeat(2030)}'`],
    ['blanks', ' '.repeat(4096)],
    ['blanks and a word', `${' '.repeat(4095)}x`],
    ['equals', `activatekey name${'='.repeat(4080)}`],
    ['one word', 'a'.repeat(4096)],
    ['many parameters', `activatekey${" x='y'".repeat(680)}`],
    ['many WITH', `activatekey${' WITH'.repeat(816)}`],
    ['typographic quotes', '‘'.repeat(4096)],
    ['letters that expand when folded', `activatekey ${'ﷺ'.repeat(4000)}='x'`],
    ['marks on one letter', `activatekey name='a${'\u0301'.repeat(4000)}'`],
    ['far too long', 'x'.repeat(5_000_000)],
  ])('%s: answered at once', (_, text) => {
    const began = performance.now();
    parseCommand(text, LOCAL);
    for (const cursor of [0, text.length >> 1, text.length]) completeCommand(text, cursor, LOCAL);
    expect(performance.now() - began).toBeLessThan(200);
  });
});
