import { expect, test } from 'vitest';
import { readArguments } from '../../app/cli/arguments.ts';
import { failure, Machine } from './fkc.ts';

const read = (...argv: string[]) => readArguments(argv, {});

test.each([
  [['nothing'], "unknown command 'nothing'", 'fkc --help'],
  [[], '"fkc" needs a command', 'fkc --help'],
  [['keys'], '"fkc keys" needs a command', 'fkc keys --help'],
  [['keys', 'lst'], "(Did you mean list?)", 'fkc keys --help'],
  [['keys', 'show'], "missing required argument 'description'", 'fkc keys show --help'],
  [['keys', 'list', '--all'], "unknown option '--all'", 'fkc keys list --help'],
  [['keys', 'list', 'more'], 'too many arguments', 'fkc keys list --help'],
  [['run', 'activatekey', "name='x'"], 'too many arguments', 'fkc run --help'],
  [['profile', 'create', 'mine'], 'give either --sqlite <file> or --contact-points <hosts>', 'fkc profile create --help'],
  [['profile', 'create', 'mine', '--sqlite', 'a', '--keystore-password-file', 'p'], '--keystore-password-file needs --keystore', 'fkc profile create --help'],
  [['lu', 'list', 'X', '--limit', '0'], 'whole number', 'fkc lu list --help'],
  [['audit', 'list', '--limit', '1.5'], 'whole number', 'fkc audit list --help'],
  [['profile', 'create', 'mine', '--sqlite', 'a', '--contact-points', 'b'], 'give either --sqlite', 'fkc profile create --help'],
  [['profile', 'create', 'mine', '--sqlite', 'a', '--user', 'b'], 'need --contact-points', 'fkc profile create --help'],
  [['profile', 'create', 'mine', '--contact-points', 'a', '--password-file', 'b'], '--password-file needs --user', 'fkc profile create --help'],
  [['profile', 'create', 'mine', '--contact-points', 'a', '--tls-cert', 'b'], '--tls-cert and --tls-key go together', 'fkc profile create --help'],
  [['profile', 'create', 'mine', '--contact-points', 'a', '--tls-cert', 'b', '--tls-key', 'c'], 'an unverified server is never trusted', 'fkc profile create --help'],
  [['profile', 'create', 'mine', '--contact-points', 'a', '--replication', '[1]'], '--replication is no JSON object', 'fkc profile create --help'],
  [['rekey', 'start', '--field', 'CUSTOMER.name'], 'It is LU:TABLE.COLUMN', 'fkc rekey start --help'],
  [['rekey', 'plan', '--field', 'CUSTOMER:name'], 'It is LU:TABLE.COLUMN', 'fkc rekey plan --help'],
  [['--keystore-password', 'secret', 'keys', 'list'], "unknown option '--keystore-password'", 'fkc --help'],
])('%j is wrong usage', (argv, message, remedy) => {
  expect(read(...argv)).toEqual({ kind: 'wrong', message: expect.stringContaining(message), remedy: expect.stringContaining(remedy), json: false });
});

test('--json counts wherever it stands before --', () => {
  expect(read('nothing', '--json')).toMatchObject({ kind: 'wrong', json: true });
  expect(read('--json', 'nothing')).toMatchObject({ kind: 'wrong', json: true });
  expect(read('nothing', '--', '--json')).toMatchObject({ kind: 'wrong', json: false });
  expect(read('lu', 'read', 'X', '1', '--out', '-', '--json')).toMatchObject({ kind: 'wrong', json: true });
});

test('global options before and after the command; the variable gives the profile where no option does', () => {
  expect(read('--profile', 'a', '--json', 'keys', 'list')).toMatchObject({ kind: 'act', options: { profile: 'a', json: true } });
  expect(read('keys', 'list', '--json', '--profile', 'a')).toMatchObject({ kind: 'act', options: { profile: 'a', json: true } });
  expect(readArguments(['census'], { FKC_PROFILE: 'b' })).toMatchObject({ options: { profile: 'b', json: false } });
  expect(readArguments(['census', '--profile', 'a'], { FKC_PROFILE: 'b' })).toMatchObject({ options: { profile: 'a' } });
  expect(readArguments(['census'], { FKC_PROFILE: '' })).toMatchObject({ options: { profile: undefined } });
});

test('an ID that looks like an option comes after --', () => {
  expect(read('lu', 'delete', 'X', '--dry-run', '--', '-5')).toMatchObject({ kind: 'act' });
});

const COMMANDS = [
  'run', 'keys list', 'keys show', 'keys verify', 'keys remove-orphans', 'keystore enable', 'keystore rotate-protection', 'lu import', 'lu list', 'lu read',
  'lu save', 'lu verify', 'lu delete', 'field encrypt', 'field decrypt', 'field rekey', 'hash', 'census', 'audit list', 'audit verify', 'audit export',
  'profile create', 'profile list', 'profile show', 'profile test', 'keys stripes', 'demo',
];

test.each(COMMANDS)('fkc %s --help shows examples', (command) => {
  const shown = read(...command.split(' '), '--help');
  expect(shown).toMatchObject({ kind: 'show', text: expect.stringContaining(`Examples:\n`) });
  expect(shown).toMatchObject({ text: expect.stringContaining(`Usage: fkc ${command}`) });
  expect(shown).toMatchObject({ text: expect.stringContaining('--json') });
});

test('no option takes a password', () => {
  for (const command of ['', ...COMMANDS]) {
    const shown = read(...command.split(' ').filter((word) => word !== ''), '--help');
    const options = shown.kind === 'show' ? (shown.text.match(/--[a-z-]*password[a-z-]* <\w+>/g) ?? []) : [];
    expect(options).toContain('--keystore-password-file <file>');
    for (const option of options) expect(option).toMatch(/-file <file>$/);
  }
});

test('exit codes and streams of the program itself', async () => {
  using machine = new Machine();
  const wrong = await machine.run(['keys', 'lst']);
  expect([wrong.code, wrong.stdout.toString(), wrong.stderr]).toEqual([2, '', expect.stringContaining('INPUT_INVALID: unknown command')]);
  expect(await machine.json(['keys', 'lst'], { code: 2 })).toEqual(failure('INPUT_INVALID'));
  expect(await machine.json(['rekey', 'start', '--field', 'CUSTOMER.name'], { code: 2 })).toEqual(failure('INPUT_INVALID'));
  expect(await machine.json(['--version'])).toEqual({ text: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect((await machine.run(['--help'])).stdout.toString()).toContain('Exit codes');
  const refused = await machine.run(['run', "activatekey nme='masterkey_key_name'"]);
  expect([refused.code, refused.stdout.toString()]).toEqual([1, '']);
  expect(refused.stderr).toContain("\n  activatekey nme='masterkey_key_name'\n              ^^^\n");
  expect(refused.stderr).toContain('Did you mean: name\n');
  expect(await machine.json(['run', ''], { code: 1 })).toEqual(failure('COMMAND_EMPTY'));
  expect(await machine.json(['keys', 'list', '--profile', 'none'], { code: 1 })).toEqual(failure('PROFILE_UNKNOWN'));
  expect(await machine.json(['keys', 'list'])).toMatchObject({ keys: [] });
}, 30_000);
