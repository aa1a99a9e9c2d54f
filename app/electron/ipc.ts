import type { z } from 'zod';
import { AppError } from '../../main/errors.ts';
import type { Answer } from '../contract/channel.ts';
import { event as eventSchema, type ConsoleEvent } from '../contract/events.ts';
import { contract, IPC_EVENT, type ChannelName } from '../contract/index.ts';
import type { Handlers } from '../handlers/index.ts';
import { failureOf, type ErrorLog } from '../error-log.ts';
import { ORIGIN } from './protocol.ts';

/** As much of Electron's `WebFrameMain` as the sender check looks at. */
export interface SenderFrame {
  readonly url: string;
  readonly origin: string;
  readonly parent: unknown;
  readonly processId: number;
  readonly routingId: number;
}

/** As much of Electron's `WebContents` as requests and events need. */
export interface Contents {
  readonly mainFrame: SenderFrame;
  isDestroyed(): boolean;
  send(channel: string, ...values: unknown[]): void;
}

export interface RequestEvent {
  readonly sender: unknown;
  readonly senderFrame: SenderFrame | null;
}

export interface RequestOptions {
  /** The console's own window; null before it opens and after it closes. */
  readonly contents: () => Contents | null;
  /** Asked once for every request that may be answered; rejects while the profile that it needs can not be opened, which is then the answer. */
  readonly handlers: (channel: ChannelName) => Promise<Handlers>;
  readonly log: ErrorLog;
}

/**
 * The one way from the window to the services. It never throws:
 * sender (`IPC_FORBIDDEN`) → channel (`IPC_UNKNOWN_CHANNEL`) → input (`INPUT_INVALID`) → handler → output, where fields
 * that the contract does not name are dropped. What nobody foresaw is `INTERNAL` with an id that the log knows.
 */
export function createRequestHandler(options: RequestOptions) {
  return async function handle(event: RequestEvent, channel: unknown, input: unknown): Promise<Answer<unknown>> {
    try {
      checkSender(event, options.contents());
      const name = knownChannel(channel);
      const request = parseInput(name, input);
      const handlers = await options.handlers(name);
      // The contract ties each name to its own types; the compiler can not follow that through a name known at run time.
      const handler = handlers[name] as (request: unknown) => Promise<unknown>;
      return { ok: true, value: contractual(contract[name].output, await handler(request)) };
    } catch (error) {
      return failureOf(options.log, typeof channel === 'string' && Object.hasOwn(contract, channel) ? channel : 'unknown channel', error, input);
    }
  };
}

/** Tells the window `event`, cut to what the contract names; silent when there is no window. */
export function createEmitter(contents: () => Contents | null, log: ErrorLog): (event: ConsoleEvent) => void {
  return (event) => {
    try {
      const target = contents();
      if (target === null || target.isDestroyed()) return;
      target.send(IPC_EVENT, contractual(eventSchema, event));
    } catch (error) {
      log.record('event', error);
    }
  };
}

/** `value` cut to what `schema` names; where it does not fit, the error names places and kinds, no values. */
function contractual(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TypeError(`The answer does not fit the contract: ${parsed.error.issues.map((issue) => `${issue.path.map(String).join('.')} ${issue.code}`).join(', ')}`);
}

function checkSender(event: RequestEvent, contents: Contents | null): void {
  if (contents !== null && isOurMainFrame(event, contents)) return;
  throw new AppError(
    'IPC_FORBIDDEN',
    'A request came from something other than the console’s own page and was refused. Nothing was done.',
    'Close the window and open the console again; if this comes back, report it.',
  );
}

function isOurMainFrame(event: RequestEvent, contents: Contents): boolean {
  try {
    if (contents.isDestroyed() || event.sender !== contents || event.senderFrame === null) return false;
    const frame = event.senderFrame;
    const main = contents.mainFrame;
    return (
      frame.parent === null &&
      frame.processId === main.processId &&
      frame.routingId === main.routingId &&
      frame.origin === ORIGIN &&
      frame.url.startsWith(`${ORIGIN}/`)
    );
  } catch {
    // Electron throws when a frame is looked at that is already gone.
    return false;
  }
}

function knownChannel(channel: unknown): ChannelName {
  if (typeof channel === 'string' && Object.hasOwn(contract, channel)) return channel as ChannelName;
  throw new AppError(
    'IPC_UNKNOWN_CHANNEL',
    'The window asked for something that this version of the console does not know. Nothing was done.',
    'Window and program are of different versions: close the console and start it again.',
  );
}

function parseInput(name: ChannelName, input: unknown): unknown {
  const schema: z.ZodType = contract[name].input;
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  // Only the place and what was expected there: the value, which may be a password, is never repeated.
  const field = issue === undefined || issue.path.length === 0 ? 'input' : issue.path.map(String).join('.');
  const expected = issue !== undefined && 'expected' in issue && typeof issue.expected === 'string' ? ` (${issue.expected} expected)` : '';
  throw new AppError(
    'INPUT_INVALID',
    `The request ${name} was not understood: "${field}" is not valid${expected}. Nothing was done.`,
    `Correct "${field}" and try again.`,
    { details: { channel: name, field, problem: issue?.code ?? 'invalid' } },
  );
}
