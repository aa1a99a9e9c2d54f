import { join } from 'node:path';
import { AppError, type Failure } from '../../main/errors.ts';
import { failureOf, fileErrorLog } from '../error-log.ts';
import { homeFolder } from '../home.ts';
import type { Act, Answer } from './answer.ts';
import { readArguments } from './arguments.ts';
import { failureText } from './failure.ts';
import { Output } from './output.ts';
import { Session } from './session.ts';

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;
/** 128 + SIGINT, as shells have it. */
const INTERRUPTED = 130;

/** Reads the command line, carries it out, tells how it went. @returns the exit code */
export async function runCli(argv: readonly string[]): Promise<number> {
  const stdout = new Output(process.stdout);
  const stderr = new Output(process.stderr);
  const read = readArguments(argv, process.env);
  if (read.kind === 'show') {
    await stdout.write(read.json ? document({ text: read.text }) : read.text);
    return DONE;
  }
  if (read.kind === 'wrong') {
    const failure: Failure = { ok: false, code: 'INPUT_INVALID', message: read.message, remedy: read.remedy };
    await (read.json ? stdout.write(document(failure)) : stderr.write(failureText(failure, null)));
    return WRONG_USAGE;
  }
  const home = homeFolder();
  const { json } = read.options;
  const session = new Session(read.options, home);
  try {
    const answer = await interruptible(read.act, session);
    session.progress.clear();
    try {
      await stdout.write(json ? document(answer.document) : answer.text);
    } finally {
      if (typeof answer.text !== 'string') answer.text.fill(0);
    }
    return answer.broken === true ? FAILED : DONE;
  } catch (error) {
    session.progress.clear();
    const failure = failureOf(fileErrorLog(join(home, 'logs', 'fkc.log')), argv[0] ?? '', error);
    await (json ? stdout.write(document(failure)) : stderr.write(failureText(failure, session.line)));
    return failure.code === 'CANCELLED' ? INTERRUPTED : FAILED;
  } finally {
    await session.close().catch(() => undefined);
  }
}

/**
 * Carries `act` out. The first Ctrl+C (or SIGTERM) pauses running jobs, which then end the act; where none runs, the
 * act is left where it stands, which every act survives as it would a crash. The second ends the process.
 */
async function interruptible(act: Act, session: Session): Promise<Answer> {
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    let asked = false;
    interrupt = () => {
      if (asked) process.exit(INTERRUPTED);
      asked = true;
      void session.interrupt().then((paused) => {
        if (!paused) reject(new AppError('CANCELLED', 'Interrupted. What was done until then is kept.', 'Run the command again.'));
      });
    };
  });
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await Promise.race([act(session), interrupted]);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function document(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
