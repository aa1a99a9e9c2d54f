import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Terminal } from '../../app/cli/terminal.ts';
import { Progress } from '../../app/cli/progress.ts';

/** A keyboard and a screen as a terminal has them. */
function terminal() {
  const raw: boolean[] = [];
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  const screen = Object.assign(new PassThrough(), { isTTY: true });
  return { keyboard, screen, raw, shown: () => (screen.read() as Buffer | null)?.toString('utf8') ?? '', terminal: new Terminal(keyboard, screen) };
}

test('a password is typed without echo, with its mistakes taken back', async () => {
  const { keyboard, raw, shown, terminal: asked } = terminal();
  const answer = asked.askPassword('Password: ');
  keyboard.write('hunteü');
  keyboard.write('\u007fr22\r');
  using password = await answer;
  expect(password.use((bytes) => bytes.toString('utf8'))).toBe('hunter22');
  expect(raw).toEqual([true, false]);
  expect(shown()).toBe('Password: \n');
});

test.each(['\u0003', 'hun\u0003', '\u0004'])('Ctrl+C and Ctrl+D cancel (%j)', async (typed) => {
  const { keyboard, raw, terminal: asked } = terminal();
  const answer = asked.askPassword('Password: ');
  keyboard.write(typed);
  await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(raw).toEqual([true, false]);
});

test('the end of input cancels, an endless password is refused', async () => {
  const ended = terminal();
  const cancelled = ended.terminal.askPassword('Password: ');
  ended.keyboard.end();
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  const endless = terminal();
  const refused = endless.terminal.askPassword('Password: ');
  endless.keyboard.write('x'.repeat(5_000));
  await expect(refused).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('a question is answered with a line', async () => {
  const { keyboard, terminal: asked } = terminal();
  const answer = asked.ask('Type "mine": ');
  keyboard.write('mine\r');
  expect(await answer).toBe('mine');
  const stopped = asked.ask('Type "mine": ');
  keyboard.write('\u0003');
  await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('nobody can be asked through a pipe', () => {
  expect(new Terminal(new PassThrough(), new PassThrough()).interactive).toBe(false);
});

test('progress stands on one line of a terminal, and nowhere else', () => {
  const event = { type: 'job', job: { id: 'a', kind: 'import', title: 'Import X', state: 'running', done: 1200, total: 5000, failed: 0, rate: 400.4, left: 9500, failure: null, startedAt: 0, updatedAt: 0 } } as const;
  const written: string[] = [];
  const screen = { isTTY: true, columns: 60, write: (text: string) => written.push(text) };
  const progress = new Progress(screen);
  progress.show(event);
  expect(written.join('')).toBe('\r\u001b[2KImport X: 1,200 of 5,000, 400 a second, 10 s left');
  progress.show({ ...event, job: { ...event.job, state: 'done' } });
  progress.clear();
  expect(written).toHaveLength(2);
  const narrow: string[] = [];
  new Progress({ isTTY: true, columns: 10, write: (text) => narrow.push(text) }).show(event);
  expect(narrow).toEqual(['\r\u001b[2KImport X:']);
  const piped: string[] = [];
  new Progress({ write: (text) => piped.push(text) }).show(event);
  expect(piped).toEqual([]);
});
