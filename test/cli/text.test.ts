import { expect, test } from 'vitest';
import { failureText } from '../../app/cli/failure.ts';
import { asText, linesOf, readAll, withoutLineEnd } from '../../app/cli/input.ts';
import { facts, moment, printable, table } from '../../app/cli/text.ts';

const NOW = Date.UTC(2026, 2, 4, 12);

test.each([
  [NOW - 20_000, 'just now (2026-03-04 11:59:40 UTC)'],
  [NOW - 60_000, '1 minute ago (2026-03-04 11:59:00 UTC)'],
  [NOW - 5 * 3_600_000, '5 hours ago (2026-03-04 07:00:00 UTC)'],
  [NOW - 3 * 86_400_000, '3 days ago (2026-03-01 12:00:00 UTC)'],
  [NOW + 7_200_000, 'in 2 hours (2026-03-04 14:00:00 UTC)'],
  [null, '–'],
])('moment %s', (at, text) => {
  expect(moment(at, NOW)).toBe(text);
});

test('columns are aligned, figures to the right', () => {
  expect(table(['LU', '>COUNT'], [['A', '1,000'], ['LONGER', '2']], 'none')).toBe('LU      COUNT\nA       1,000\nLONGER      2\n');
  expect(table(['LU'], [], 'none')).toBe('none\n');
  expect(facts([['A', 'x'], ['Longer', 'y']])).toBe('A       x\nLonger  y\n');
});

test('nothing from outside can steer a terminal', () => {
  expect(printable('a\u001b[2Jb\u202ec\n')).toBe('a\ufffd[2Jb\ufffdc\ufffd');
  expect(table(['ID'], [['1\u001b]0;x\u0007']], '')).toBe('ID\n1\ufffd]0;x\ufffd\n');
});

test('a failure shows the place in the line', () => {
  const failure = { ok: false, code: 'COMMAND_SYNTAX', message: 'Wrong.', remedy: 'Mend it.', details: { start: 12, end: 15, suggestion: 'name' } } as const;
  expect(failureText(failure, "activatekey nme='x'")).toBe("COMMAND_SYNTAX: Wrong.\n\n  activatekey nme='x'\n              ^^^\n\n  Did you mean: name\n  Mend it.\n");
  expect(failureText({ ...failure, details: { start: 0, end: 0 } }, '')).toBe('COMMAND_SYNTAX: Wrong.\n\n  \n  ^\n\n  Mend it.\n');
  const long = failureText({ ...failure, details: { start: 4000, end: 4003 } }, `${'\u001b'.repeat(4000)}bad${'y'.repeat(90)}`);
  const lines = long.split('\n');
  expect(lines[2]).toBe(`  ${'\ufffd'.repeat(50)}bad${'y'.repeat(47)}`);
  expect(lines[3]).toBe(`  ${' '.repeat(50)}^^^`);
});

async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* all;
}

test('lines come whole, however the stream is cut', async () => {
  const all: string[] = [];
  for await (const line of linesOf(pieces('a\r', '\nbc', '\n\n', Buffer.from([0xc3]), Buffer.from([0xbc])), 10)) all.push(line);
  expect(all).toEqual(['a', 'bc', '', 'ü']);
  await expect(linesOf(pieces('x'.repeat(11)), 10).next()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(linesOf(pieces(Buffer.from([0xff])), 10).next()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('input is read whole, its pieces zeroed, its size bounded', async () => {
  const piece = Buffer.from('secret\n');
  const all = await readAll(pieces(piece), 10);
  expect([all.toString(), piece.every((byte) => byte === 0)]).toEqual(['secret\n', true]);
  expect(withoutLineEnd(all).toString()).toBe('secret');
  expect(withoutLineEnd(Buffer.from('a\r\n')).toString()).toBe('a');
  expect(withoutLineEnd(Buffer.from('a\r')).toString()).toBe('a\r');
  await expect(readAll(pieces('12345', '678901'), 10)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  expect([asText(Buffer.from('ü')), asText(Buffer.from([0xff]))]).toEqual(['ü', null]);
});
