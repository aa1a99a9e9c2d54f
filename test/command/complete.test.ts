import { describe, expect, it } from 'vitest';
import { completeCommand } from '../../main/command/complete.ts';
import type { Vocabulary } from '../../main/command/grammar.ts';
import { parseCommand } from '../../main/command/parse.ts';
import { EVERYTHING, LOCAL } from './vocabularies.ts';

/** The lines that the completions at `|` make of `marked`. */
function completed(marked: string, known: Vocabulary): string[] {
  const cursor = marked.indexOf('|');
  const text = marked.replace('|', '');
  return completeCommand(text, cursor, known).map(({ insert, from, to }) => text.slice(0, from) + insert + text.slice(to));
}

const KEYS = "activatekey name='masterkey_key_name'";

const TABLE: readonly [marked: string, lines: string[], known?: Vocabulary][] = [
  ['|', ['activatekey ']],
  ['act|', ['activatekey ']],
  ['  ACT|', ['  activatekey ']],
  ["ac|tiv name='x'", ["activatekey name='x'"]],
  ['activtaekey|', ['activatekey ']],
  ['select|', []],
  ['activatekey |', ["activatekey name='", "activatekey generatorType='", "activatekey storeType='"]],
  ['activatekey n|', ["activatekey name='"]],
  ['activatekey nmae|', ["activatekey name='"]],
  ['activatekey type|', ["activatekey generatorType='", "activatekey storeType='"]],
  ["activatekey na|me='x'", ["activatekey name='x'"]],
  ["activatekey na| = 'x'", ["activatekey name = 'x'"]],
  ['activatekey name|', ["activatekey name='"]],
  ['activatekey name |', ["activatekey name='masterkey_key_name'", "activatekey name='k2_hash_key'"]],
  ['activatekey name=|', ["activatekey name='masterkey_key_name'", "activatekey name='k2_hash_key'"]],
  ["activatekey name='|", ["activatekey name='masterkey_key_name'", "activatekey name='k2_hash_key'"]],
  ["activatekey name='|'", ["activatekey name='masterkey_key_name'", "activatekey name='k2_hash_key'"]],
  ['activatekey name="k|', ['activatekey name="k2_hash_key"']],
  ["activatekey name='hash|", ["activatekey name='k2_hash_key'"]],
  ["activatekey name='MAST|erkey' storeType='Stripe_AES'", ["activatekey name='masterkey_key_name' storeType='Stripe_AES'"]],
  ['activatekey name=mast|', ["activatekey name='masterkey_key_name'"]],
  ["activatekey name='| storeType='Stripe_AES'", ["activatekey name='masterkey_key_name' storeType='Stripe_AES'", "activatekey name='k2_hash_key' storeType='Stripe_AES'"]],
  ["activatekey name='zzz|", []],
  [`${KEYS} |`, [`${KEYS} generatorType='`, `${KEYS} storeType='`]],
  [`${KEYS}|`, [`${KEYS} generatorType='`, `${KEYS} storeType='`]],
  ["activatekey | name='x'", ["activatekey generatorType=' name='x'", "activatekey storeType=' name='x'"]],
  [`${KEYS} storeType='|`, [`${KEYS} storeType='Stripe_AES'`]],
  [`${KEYS} generatorType='Java_AES' storeType='Stripe_AES' |`, []],
  [`${KEYS}; |`, []],
  [`${KEYS} 'x' |`, [`${KEYS} 'x' generatorType='`, `${KEYS} 'x' storeType='`]],
  ['activatekey \u200b|', []],
  ['activatekey x y |', []],
  ["activatekey name='a\n|", []],
  [`${KEYS} WITH ARGS='|`, []],

  [`${KEYS} generatorType='|`, [`${KEYS} generatorType='Java_AES'`, `${KEYS} generatorType='AWS_KMS'`], EVERYTHING],
  [`${KEYS} generatorType='AWS_KMS' storeType='|`, [`${KEYS} generatorType='AWS_KMS' storeType='AWS_KMS'`], EVERYTHING],
  [`${KEYS} storeType='|' generatorType='aws_kms'`, [`${KEYS} storeType='AWS_KMS' generatorType='aws_kms'`], EVERYTHING],
  [`${KEYS} generatorType='Java_AES' storeType=k|`, [`${KEYS} generatorType='Java_AES' storeType='KMIP_KMS'`], EVERYTHING],
  [`${KEYS} storeType='GCP_KMS' generatorType=|`, [`${KEYS} storeType='GCP_KMS' generatorType='Java_AES'`], EVERYTHING],
  [`${KEYS} storeType='GCP_KMS' |`, [`${KEYS} storeType='GCP_KMS' generatorType='`, `${KEYS} storeType='GCP_KMS' WITH ARGS='`], EVERYTHING],
  [`${KEYS} storeType='GCP_KMS' wi|`, [`${KEYS} storeType='GCP_KMS' WITH ARGS='`], EVERYTHING],
  [`${KEYS} storeType='GCP_KMS' with |`, [`${KEYS} storeType='GCP_KMS' WITH ARGS='`], EVERYTHING],
  [`${KEYS} storeType='GCP_KMS' with ar|`, [`${KEYS} storeType='GCP_KMS' WITH ARGS='`], EVERYTHING],
  [`${KEYS} storeType='GCP_KMS' WITH ARGS='x' generatorType='Java_AES' |`, [], EVERYTHING],
];

describe('completion at a cursor', () => {
  it.each(TABLE)('%s', (marked, lines, known = LOCAL) => {
    expect(completed(marked, known)).toEqual(lines);
  });

  it('leads from nothing to a command that runs, by the first offer each time', () => {
    let text = '';
    for (let steps = 0; !parseCommand(text, LOCAL).ok && steps < 10; steps += 1) {
      const [first] = completeCommand(text, text.length, LOCAL);
      if (first === undefined) break;
      text = text.slice(0, first.from) + first.insert + text.slice(first.to);
    }
    expect(text).toBe("activatekey name='masterkey_key_name'");
  });

  it('says what each offer is for', () => {
    for (const { label, detail } of completeCommand("activatekey name='", 18, EVERYTHING)) {
      expect(label).not.toBe('');
      expect(detail).not.toBe('');
    }
  });

  it('takes a cursor outside the text for its nearest end', () => {
    expect(completeCommand('act', 99, LOCAL)).toEqual(completeCommand('act', 3, LOCAL));
    expect(completeCommand('act', -1, LOCAL)).toEqual(completeCommand('act', 0, LOCAL));
    expect(completeCommand('act', Number.NaN, LOCAL)).toEqual(completeCommand('act', 0, LOCAL));
  });
});
