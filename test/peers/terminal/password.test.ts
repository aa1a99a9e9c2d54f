import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Machine, PASSWORD } from '../../cli/fkc.ts';

const ENTRY = fileURLToPath(new URL('../../../app/cli/index.ts', import.meta.url));
const ON_A_TERMINAL = fileURLToPath(new URL('./on-a-terminal.py', import.meta.url));

const machine = new Machine();
afterAll(() => machine[Symbol.dispose]());

/** Runs `fkc` on a terminal of its own; each answer is typed once its question stands there. @returns exit code and all that stood there */
async function onTerminal(args: readonly string[], answers: readonly (readonly [question: string, answer: string])[]): Promise<{ code: number; screen: string }> {
  const { FKC_PROFILE: _profile, FKC_KEYSTORE_PASSWORD: _password, ...environment } = process.env;
  const child = spawn('python3', [ON_A_TERMINAL, JSON.stringify(answers), process.execPath, ENTRY, ...args], {
    cwd: machine.folder,
    env: { ...environment, FKC_HOME: machine.file('home'), TERM: 'xterm' },
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (errors += piece.toString()));
  await once(child, 'close');
  if (errors !== '') throw new Error(errors);
  return JSON.parse(out) as { code: number; screen: string };
}

beforeAll(async () => {
  machine.write('password.txt', PASSWORD);
  await machine.json(['profile', 'create', 'mine', '--sqlite', 'mine.sqlite', '--keystore', 'fabric.keystore', '--keystore-password-file', 'password.txt']);
  await machine.json(['profile', 'create', 'asked', '--sqlite', 'mine.sqlite', '--keystore', 'fabric.keystore'], { env: { FKC_KEYSTORE_PASSWORD: PASSWORD } });
  await machine.json(['profile', 'create', 'later', '--sqlite', 'later.sqlite']);
}, 60_000);

test('on a terminal, keys verify asks for the KeyStore password and shows nothing of it', async () => {
  const { code, screen } = await onTerminal(['--profile', 'asked', 'keys', 'verify'], [['Password of the KeyStore', `${PASSWORD}\r`]]);
  expect({ code, screen }).toEqual({ code: 0, screen: expect.stringMatching(/^Password of the KeyStore \S+: \r\n[^]*2 of 2 generations can be used\.\r\n$/) });
  expect(screen).not.toContain(PASSWORD);
}, 60_000);

test('a wrong one is refused by its code, and Ctrl+C ends it', async () => {
  const wrong = await onTerminal(['--profile', 'asked', 'keys', 'verify'], [['Password of the KeyStore', 'not-this-one\r']]);
  expect(wrong).toEqual({ code: 1, screen: expect.stringContaining('KEYSTORE_PASSWORD_WRONG') });
  expect(wrong.screen).not.toContain('not-this-one');
  const stopped = await onTerminal(['--profile', 'asked', 'keys', 'verify'], [['Password of the KeyStore', '\u0003']]);
  expect(stopped).toEqual({ code: 130, screen: expect.stringContaining('CANCELLED') });
}, 60_000);

test('on a terminal, keystore enable asks for a new password twice, then for the name of the profile', async () => {
  const enable = ['--profile', 'later', 'keystore', 'enable', '--keystore', 'later.keystore'];
  const differing = await onTerminal(enable, [['KeyStore password', `${PASSWORD}\r`], ['The same again', 'another-horse\r']]);
  expect(differing).toEqual({ code: 1, screen: expect.stringContaining('The two passwords differ') });
  const { code, screen } = await onTerminal(enable, [['KeyStore password', `${PASSWORD}\r`], ['The same again', `${PASSWORD}\r`], ['later', 'later\r']]);
  expect({ code, screen }).toEqual({ code: 0, screen: expect.stringContaining('The KeyStore is on') });
  expect(screen.indexOf('What will happen')).toBeLessThan(screen.indexOf('The KeyStore is on'));
  expect(screen + differing.screen).not.toContain(PASSWORD);
  expect(await machine.json(['--profile', 'later', 'keys', 'verify'], { env: { FKC_KEYSTORE_PASSWORD: PASSWORD } })).toMatchObject({ checked: 4, readable: 4 });
}, 60_000);
