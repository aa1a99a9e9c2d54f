import { CommanderError, type Command } from 'commander';
import type { Act } from './answer.ts';
import { buildProgram } from './program.ts';
import type { GlobalOptions } from './session.ts';

/** What a command line asks for. */
export type Arguments =
  | { readonly kind: 'act'; readonly act: Act; readonly options: GlobalOptions }
  /** `--help` or `--version` */
  | { readonly kind: 'show'; readonly text: string; readonly json: boolean }
  | { readonly kind: 'wrong'; readonly message: string; readonly remedy: string; readonly json: boolean };

/** Reads a command line (without node and script); does nothing yet. Never throws for what a user may type. */
export function readArguments(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): Arguments {
  const shown: string[] = [];
  const complaints: string[] = [];
  const chosen: Act[] = [];
  const program = buildProgram((act) => chosen.push(act), {
    writeOut: (text) => shown.push(text),
    writeErr: (text) => complaints.push(text),
  });
  const json = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length).includes('--json');
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'show', text: shown.join(''), json };
    const place = commandPath(program, argv);
    const message = error.code === 'commander.help' ? `"${place}" needs a command.` : complaints.join('').replace(/^error: /, '').trim();
    return { kind: 'wrong', message, remedy: `See how it is used: ${place} --help`, json };
  }
  const [act] = chosen;
  if (act === undefined) throw new Error('a command without an action');
  const given = program.opts<{ profile?: string; json?: boolean; keystorePasswordFile?: string }>();
  const profile = given.profile ?? environment['FKC_PROFILE'];
  return {
    kind: 'act',
    act,
    options: { profile: profile === '' ? undefined : profile, json: given.json === true, keystorePasswordFile: given.keystorePasswordFile },
  };
}

/** The command that the first words name, as far as they name one. */
function commandPath(program: Command, argv: readonly string[]): string {
  const path = [program.name()];
  let at: Command | undefined = program;
  for (const word of argv) {
    at = at.commands.find((command) => command.name() === word);
    if (at === undefined) break;
    path.push(word);
  }
  return path.join(' ');
}
