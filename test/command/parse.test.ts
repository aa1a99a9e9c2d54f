import { describe, expect, it } from 'vitest';
import type { Vocabulary } from '../../main/command/grammar.ts';
import { parseCommand } from '../../main/command/parse.ts';
import { commandProblemToError, type CommandProblem } from '../../main/command/problem.ts';
import type { ErrorCode } from '../../main/errors.ts';
import { EVERYTHING, LOCAL } from './vocabularies.ts';

function parsed(text: string, known: Vocabulary = EVERYTHING): unknown {
  const line = parseCommand(text, known);
  return line.ok ? line.command : line.problem;
}

function problemOf(text: string, known: Vocabulary): CommandProblem {
  const line = parseCommand(text, known);
  if (line.ok) throw new Error(`no problem in ${JSON.stringify(text)}`);
  return line.problem;
}

const LOCAL_COMMAND = { name: 'masterkey_key_name', generatorType: 'Java_AES', storeType: 'Stripe_AES', args: null };

describe('a good line', () => {
  it.each([
    "activatekey name='masterkey_key_name'",
    'activatekey name="masterkey_key_name"',
    "ACTIVATEKEY NAME='masterkey_key_name';",
    "  ActivateKey\n\tname =\r\n 'masterkey_key_name'  ;  \n",
    "activatekey name='masterkey_key_name' generatorType='Java_AES' storeType='Stripe_AES'",
    "activatekey storetype='stripe_aes' GENERATORTYPE=\"JAVA_AES\" name='masterkey_key_name'",
    "activatekey name='masterkey_key_name'storeType='Stripe_AES'",
    "activatekey name='masterkey_key_name' WITH ARGS=''",
    "activatekey with args=\"\" name='masterkey_key_name'",
  ])('%s', (text) => {
    expect(parsed(text, LOCAL)).toEqual(LOCAL_COMMAND);
  });

  it.each([
    ["generatorType='AWS_KMS' storeType='AWS_KMS'", 'AWS_KMS', 'AWS_KMS'],
    ["generatorType='Java_AES' storeType='GCP_KMS'", 'Java_AES', 'GCP_KMS'],
    ["generatorType='Java_AES' storeType='KMIP_KMS'", 'Java_AES', 'KMIP_KMS'],
    ["storeType='gcp_kms'", 'Java_AES', 'GCP_KMS'],
  ])('knows the platform pair %s', (modules, generatorType, storeType) => {
    expect(parsed(`activatekey name='tenant-7' ${modules}`)).toEqual({ name: 'tenant-7', generatorType, storeType, args: null });
  });

  it('takes arguments for modules that have them, with doubled quotes and any visible text', () => {
    const text = "activatekey name='tenant-7' storeType='GCP_KMS' WITH ARGS='label=it''s \"new\"; grün ‘x’'";
    expect(parsed(text)).toMatchObject({ args: 'label=it\'s "new"; grün ‘x’' });
  });
});

/** Each with the mistake between ⟦ and ⟧, and what to write there instead. */
const PROBLEMS: readonly [code: ErrorCode, marked: string, suggestion: string | null, known?: Vocabulary][] = [
  ['COMMAND_EMPTY', '⟦⟧', "activatekey name='masterkey_key_name'"],
  ['COMMAND_EMPTY', '⟦ \t\r\n⟧', "activatekey name='masterkey_key_name'"],
  ['COMMAND_EMPTY', '⟦ ;⟧', "activatekey name='masterkey_key_name'"],
  ['COMMAND_TOO_LONG', `activatekey${' '.repeat(4085)}⟦x⟧`, null],

  ['COMMAND_UNKNOWN', "⟦select⟧ name='k2_hash_key'", null],
  ['COMMAND_UNKNOWN', "⟦activatkey⟧ name='k2_hash_key'", 'activatekey'],
  ['COMMAND_UNKNOWN', "⟦activate key⟧ name='k2_hash_key'", 'activatekey'],
  ['COMMAND_UNKNOWN', "⟦activatекеy⟧ name='k2_hash_key'", 'activatekey'],
  ['COMMAND_UNKNOWN', "⟦activate\u212aey⟧ name='k2_hash_key'", 'activatekey'],
  ['COMMAND_UNKNOWN', "⟦name⟧='k2_hash_key'", 'activatekey name'],
  ['COMMAND_UNKNOWN', "⟦'activatekey'⟧", null],
  ['COMMAND_UNKNOWN', '⟦=⟧', null],

  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦nmae⟧='k2_hash_key'", 'name'],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦store⟧='Stripe_AES'", 'storeType'],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦generator_type⟧='Java_AES'", 'generatorType'],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦colour⟧='red'", null],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦nаme⟧='k2_hash_key'", 'name'],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦activatekey⟧ name='k2_hash_key'", ''],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦ｎame⟧='k2_hash_key'", 'name'],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦--⟧ comment", null],

  ['COMMAND_PARAMETER_REPEATED', "activatekey name='k2_hash_key' ⟦NAME⟧='k2_hash_key'", null],
  ['COMMAND_PARAMETER_REPEATED', "activatekey WITH ARGS='' ⟦with  args⟧=''", null],

  ['COMMAND_PARAMETER_MISSING', "activatekey⟦⟧", " name='masterkey_key_name'"],
  ['COMMAND_PARAMETER_MISSING', "  activatekey⟦⟧ storeType='Stripe_AES' ;", " name='masterkey_key_name'"],

  ['COMMAND_SYNTAX', "activatekey ⟦name⟧ 'k2_hash_key'", 'name='],
  ['COMMAND_SYNTAX', 'activatekey ⟦name⟧', "name='masterkey_key_name'"],
  ['COMMAND_SYNTAX', "activatekey ⟦storeType⟧ name='k2_hash_key'", "storeType='Stripe_AES'"],
  ['COMMAND_SYNTAX', 'activatekey name⟦=⟧', "='masterkey_key_name'"],
  ['COMMAND_SYNTAX', "activatekey name⟦=⟧ storeType='Stripe_AES'", "='masterkey_key_name'"],
  ['COMMAND_SYNTAX', "activatekey storeType⟦=⟧ WITH ARGS='x'", "='Stripe_AES'"],
  ['COMMAND_SYNTAX', "activatekey name=⟦=⟧'k2_hash_key'", ''],
  ['COMMAND_SYNTAX', 'activatekey name=⟦k2_hash_key⟧', "'k2_hash_key'"],
  ['COMMAND_SYNTAX', "activatekey ⟦=⟧'k2_hash_key'", null],
  ['COMMAND_SYNTAX', "activatekey ⟦'k2_hash_key'⟧", null],
  ['COMMAND_SYNTAX', "activatekey name=⟦'k2_hash_key⟧", "'k2_hash_key'"],
  ['COMMAND_SYNTAX', "activatekey name=⟦'k2_hash_key\"⟧", "'k2_hash_key'"],
  ['COMMAND_SYNTAX', "activatekey name=⟦'k2_hash_key⟧\nstoreType='Stripe_AES'", "'k2_hash_key'"],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key' WITH ARGS=⟦'secret text⟧", null],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key' WITH ARGS=⟦secret⟧", null],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key' ⟦WITH⟧", null],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key' ⟦WITH⟧='x'", 'WITH ARGS'],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key' WITH ⟦ARG⟧='x'", 'ARGS'],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key' ⟦ARGS⟧='x'", 'WITH ARGS'],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key'⟦,⟧ storeType='Stripe_AES'", ' '],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key';⟦;⟧", ''],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key'; ⟦activatekey name='x'⟧  ", null],
  ['COMMAND_SYNTAX', 'activatekey name=⟦‘k2_hash_key’⟧', "'k2_hash_key'"],
  ['COMMAND_SYNTAX', 'activatekey name=⟦“k2_hash_key”⟧ storeType="Stripe_AES"', '"k2_hash_key"'],
  ['COMMAND_SYNTAX', "activatekey name=⟦’⟧k2_hash_key'", "'"],
  ['COMMAND_SYNTAX', "activatekey name⟦＝⟧'k2_hash_key'", '='],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash_key'⟦\u037e⟧", ';'],
  ['COMMAND_SYNTAX', "activatekey⟦\u00a0⟧name='k2_hash_key'", ' '],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash⟦\u0000⟧_key'", ''],
  ['COMMAND_SYNTAX', "activatekey name='k2_hash⟦\t⟧_key'", ''],
  ['COMMAND_SYNTAX', "⟦\ufeff⟧activatekey name='k2_hash_key'", ''],
  ['COMMAND_SYNTAX', "activatekey na⟦\u200b⟧me='k2_hash_key'", ''],
  ['COMMAND_SYNTAX', "activatekey name='k2⟦\u202e⟧_hash_key'", ''],
  ['COMMAND_SYNTAX', "activatekey name='k2⟦\ud800⟧_hash_key'", ''],
  ['COMMAND_SYNTAX', "activatekey name='k2⟦\u{e0041}⟧_hash_key'", ''],
  ['COMMAND_SYNTAX', "activatekey ⟦\u001b⟧[31m name='k2_hash_key'", ''],

  ['COMMAND_VALUE_INVALID', "activatekey name=⟦''⟧", "'masterkey_key_name'"],
  ['COMMAND_VALUE_INVALID', "activatekey name=⟦'K2_Hash_Key'⟧", "'k2_hash_key'"],
  ['COMMAND_VALUE_INVALID', 'activatekey name=⟦"NEW_KEY"⟧', '"new_key"'],
  ['COMMAND_VALUE_INVALID', "activatekey name=⟦' k2_hash_key'⟧", "'k2_hash_key'"],
  ['COMMAND_VALUE_INVALID', "activatekey name=⟦'k2_hаsh_key'⟧", "'k2_hash_key'"],
  ['COMMAND_VALUE_INVALID', "activatekey name=⟦'7; drop table'⟧", null],
  ['COMMAND_VALUE_INVALID', `activatekey name=⟦'${'a'.repeat(49)}'⟧`, null],
  ['COMMAND_VALUE_INVALID', "activatekey name='k2_hash_key' WITH ARGS=⟦'secret'⟧", "''"],
  ['COMMAND_VALUE_INVALID', `activatekey name='tenant-7' storeType='GCP_KMS' WITH ARGS=⟦'${'a'.repeat(1025)}'⟧`, null],

  ['KEY_NAME_UNKNOWN', "activatekey name=⟦'k2_hsah_key'⟧", "'k2_hash_key'"],
  ['KEY_NAME_UNKNOWN', "activatekey name=⟦'masterkey'⟧", "'masterkey_key_name'"],
  ['KEY_NAME_UNKNOWN', "activatekey name=⟦'payments'⟧", null],
  ['KEY_NAME_UNKNOWN', "activatekey name=⟦'tenant-7'⟧", null, LOCAL],

  ['GENERATOR_UNKNOWN', "activatekey name='k2_hash_key' generatorType=⟦'Java_AE'⟧", "'Java_AES'"],
  ['GENERATOR_UNKNOWN', "activatekey name='k2_hash_key' generatorType=⟦'aws'⟧", "'AWS_KMS'"],
  ['GENERATOR_UNKNOWN', "activatekey name='k2_hash_key' generatorType=⟦'AWS_\u212aMS'⟧", "'AWS_KMS'"],
  ['GENERATOR_UNKNOWN', "activatekey name='k2_hash_key' generatorType=⟦'GCP_KMS'⟧", null],
  ['GENERATOR_UNKNOWN', "activatekey name='k2_hash_key' generatorType=⟦''⟧", null],
  ['STORE_UNKNOWN', 'activatekey name="k2_hash_key" storeType=⟦"Stripe-AES"⟧', '"Stripe_AES"'],
  ['STORE_UNKNOWN', "activatekey name='k2_hash_key' storeType=⟦'vault'⟧", null],

  ['GENERATOR_STORE_IMPOSSIBLE', "activatekey name='k2_hash_key' generatorType=⟦'aws_kms'⟧", "'AWS_KMS' storeType='AWS_KMS'"],
  ['GENERATOR_STORE_IMPOSSIBLE', "activatekey name='k2_hash_key' generatorType=⟦'AWS_KMS'⟧", null, LOCAL],
  ['GENERATOR_STORE_IMPOSSIBLE', "activatekey name='k2_hash_key' storeType=⟦'AWS_KMS'⟧", "'AWS_KMS' generatorType='AWS_KMS'"],
  ['GENERATOR_STORE_IMPOSSIBLE', "activatekey name='k2_hash_key' storeType=⟦'GCP_KMS'⟧ generatorType='AWS_KMS'", "'AWS_KMS'"],
  ['GENERATOR_STORE_IMPOSSIBLE', "activatekey name='k2_hash_key' generatorType='Java_AES' storeType=⟦'AWS_KMS'⟧", null],
  ['GENERATOR_STORE_IMPOSSIBLE', "activatekey name='k2_hash_key' generatorType='Java_AES' storeType=⟦'AWS_KMS'⟧", "'Stripe_AES'", LOCAL],

  ['PROVIDER_NOT_CONFIGURED', "activatekey name='k2_hash_key' generatorType=⟦'AWS_KMS'⟧ storeType='AWS_KMS'", null, LOCAL],
  ['PROVIDER_NOT_CONFIGURED', "activatekey name='k2_hash_key' storeType=⟦'GCP_KMS'⟧", null, LOCAL],

  // The first mistake in reading order is the one that is told.
  ['KEY_NAME_UNKNOWN', "activatekey name=⟦'payments'⟧ colour='red' storeType=x", null],
  ['COMMAND_PARAMETER_UNKNOWN', "activatekey ⟦colour⟧='red' name='payments'", null],
  ['KEY_NAME_UNKNOWN', "activatekey name=⟦'payments'⟧ \u200b", null],
];

describe('a line with a mistake', () => {
  it.each(PROBLEMS)('%s: %s', (code, marked, suggestion, known = EVERYTHING) => {
    const start = marked.indexOf('⟦');
    const end = marked.indexOf('⟧') - 1;
    const problem = problemOf(marked.replace('⟦', '').replace('⟧', ''), known);
    expect(problem).toMatchObject({ code, start, end, suggestion });
    expect(problem.message).toMatch(/^\S.*[.?]$/s);
    expect(problem.remedy).toMatch(/^\S.*$/s);
  });

  it('says which stores go with the generator', () => {
    const problem = problemOf("activatekey name='k2_hash_key' storeType='AWS_KMS'", EVERYTHING);
    expect(problem.remedy).toBe('Java_AES goes with Stripe_AES, GCP_KMS or KMIP_KMS; AWS_KMS goes with AWS_KMS.');
  });

  it('never repeats what stands in ARGS', () => {
    for (const args of ["'hush", 'hush', "'hush'", "'hush\u0000'"]) {
      expect(JSON.stringify(problemOf(`activatekey name='k2_hash_key' WITH ARGS=${args}`, LOCAL))).not.toContain('hush');
    }
  });

  it('shows at most forty characters of a long word', () => {
    expect(problemOf('x'.repeat(4000), LOCAL).message.length).toBeLessThan(80);
  });

  it('becomes an error with the place in its details', () => {
    const error = commandProblemToError(problemOf("activatekey nmae='x'", LOCAL));
    expect(error).toMatchObject({ code: 'COMMAND_PARAMETER_UNKNOWN', details: { start: 12, end: 16, suggestion: 'name' } });
    expect(error.remedy).not.toBe('');
    expect(commandProblemToError(problemOf('select', LOCAL)).details).toEqual({ start: 0, end: 6 });
  });
});
