import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelNames, contract, type ChannelName } from '../../app/contract/index.ts';
import { createEmitter, createRequestHandler, type Contents, type RequestEvent, type SenderFrame } from '../../app/electron/ipc.ts';
import { describe as describeError, type ErrorLog } from '../../app/error-log.ts';
import type { Handlers } from '../../app/handlers/index.ts';
import { AppError } from '../../main/errors.ts';

const RUNS = process.env['FKC_SOAK'] === '1' ? 5_000 : 60;

const mainFrame: SenderFrame = { url: 'app://console/', origin: 'app://console', parent: null, processId: 1, routingId: 1 };
const sent: unknown[][] = [];
const ours: Contents = { mainFrame, isDestroyed: () => false, send: (...values) => void sent.push(values) };
const fromUs: RequestEvent = { sender: ours, senderFrame: mainFrame };

/** Handlers whose answer to every channel is `answer`. */
function handlersThat(answer: (channel: string, input: unknown) => unknown): Handlers {
  return Object.fromEntries(channelNames.map((name) => [name, (input: unknown) => Promise.resolve().then(() => answer(name, input))])) as unknown as Handlers;
}

function handler(answer: (channel: string, input: unknown) => unknown = () => ({})) {
  const lines: string[] = [];
  const log: ErrorLog = {
    record: (where, error, input) => {
      lines.push(`${where}\n${describeError(error, input)}`);
      return 'e1';
    },
  };
  return { lines, log, ask: createRequestHandler({ contents: () => ours, handlers: () => Promise.resolve(handlersThat(answer)), log }) };
}

const code = (answer: { ok: boolean }): unknown => ('code' in answer ? answer.code : 'ok');

describe('who may ask', () => {
  const frames: readonly (readonly [string, RequestEvent])[] = [
    ['a subframe of ours', { sender: ours, senderFrame: { ...mainFrame, routingId: 2, parent: mainFrame } }],
    ['another process', { sender: ours, senderFrame: { ...mainFrame, processId: 2 } }],
    ['another main frame', { sender: ours, senderFrame: { ...mainFrame, routingId: 9 } }],
    ['another window', { sender: { ...ours }, senderFrame: mainFrame }],
    ['a frame that is gone', { sender: ours, senderFrame: null }],
    ['another origin', { sender: ours, senderFrame: { ...mainFrame, origin: 'https://console', url: 'https://console/' } }],
    ['an origin that begins like ours', { sender: ours, senderFrame: { ...mainFrame, origin: 'app://console.evil', url: 'app://console.evil/' } }],
    ['an inherited origin', { sender: ours, senderFrame: { ...mainFrame, url: 'about:blank' } }],
    [
      'a frame that may not be looked at',
      {
        sender: ours,
        senderFrame: Object.defineProperty({ ...mainFrame }, 'parent', {
          get: () => {
            throw new Error('Render frame was disposed');
          },
        }),
      },
    ],
  ];
  test.each(frames)('%s is refused', async (_name, event) => {
    let asked = false;
    const { ask } = handler(() => {
      asked = true;
    });
    expect(code(await ask(event, 'session.status', undefined))).toBe('IPC_FORBIDDEN');
    expect(asked).toBe(false);
  });

  test('nobody is answered before the window is there', async () => {
    const { log } = handler();
    const ask = createRequestHandler({ contents: () => null, handlers: () => Promise.resolve(handlersThat(() => ({}))), log });
    expect(code(await ask(fromUs, 'session.lock', undefined))).toBe('IPC_FORBIDDEN');
  });
});

describe('what may be asked', () => {
  test.each(['', 'session', 'session.nothing', '__proto__', 'constructor', 'toString', 'hasOwnProperty', null, undefined, 7, {}, ['session.status']])(
    '%j is no channel',
    async (channel) => {
      expect(code(await handler().ask(fromUs, channel, undefined))).toBe('IPC_UNKNOWN_CHANNEL');
    },
  );

  test('any channel and any input from anywhere gets an answer, never an exception', async () => {
    const { ask } = handler((_channel, input) => input);
    await fc.assert(
      fc.asyncProperty(fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true }), fc.anything(), fc.boolean(), async (channel, input, trusted) => {
        const answer = await ask(trusted ? fromUs : { sender: null, senderFrame: null }, channel, input);
        expect(typeof answer.ok).toBe('boolean');
      }),
      { numRuns: RUNS * 4 },
    );
  });

  test.each(channelNames)('%s answers garbage with INPUT_INVALID and repeats none of it', async (channel) => {
    let reached = 0;
    const { ask } = handler(() => {
      reached += 1;
      return {};
    });
    const schema = contract[channel].input;
    await fc.assert(
      fc.asyncProperty(garbage, async (input) => {
        fc.pre(!schema.safeParse(input).success);
        const answer = await ask(fromUs, channel, input);
        expect(code(answer)).toBe('INPUT_INVALID');
        expect(JSON.stringify(answer)).not.toContain(CANARY);
      }),
      { numRuns: RUNS },
    );
    expect(reached).toBe(0);
  });

  test('a wrong field is named, its value is not', async () => {
    const answer = await handler().ask(fromUs, 'session.unlock', { keystorePassword: ['hunter2-hunter2'] });
    expect(answer).toMatchObject({ ok: false, code: 'INPUT_INVALID', details: { channel: 'session.unlock', field: 'keystorePassword' } });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });
});

describe('what comes back', () => {
  test('fields that the contract does not name are dropped', async () => {
    const { ask } = handler(() => ({ text: 'activatekey', keyBytes: 'c0ffee', profile: { secret: 1 } }));
    const parsed = { name: 'n', generatorType: 'g', storeType: 's', args: null };
    expect(await ask(fromUs, 'command.format', parsed)).toEqual({ ok: true, value: { text: 'activatekey' } });
  });

  test('a failure keeps its code, message, remedy and details, and nothing else', async () => {
    const { ask } = handler(() => {
      throw new AppError('LOCKED', 'Locked.', 'Unlock.', { details: { profile: 'demo' }, cause: new Error('deep') });
    });
    expect(await ask(fromUs, 'keys.list', undefined)).toEqual({ ok: false, code: 'LOCKED', message: 'Locked.', remedy: 'Unlock.', details: { profile: 'demo' } });
  });

  test('an unforeseen error is INTERNAL with an id; stack, cause and text stay in the log, without the password', async () => {
    const password = 'correct horse battery';
    const { ask, lines } = handler(() => {
      throw new RangeError(`could not use ${password} as "${password}", 00112233445566778899aabbccddeeff`, { cause: new Error(`under ${password}`) });
    });
    const answer = await ask(fromUs, 'session.unlock', { keystorePassword: password });
    expect(answer).toMatchObject({ ok: false, code: 'INTERNAL', details: { errorId: 'e1' } });
    expect(Object.keys(answer).sort()).toEqual(['code', 'details', 'message', 'ok', 'remedy']);
    expect(JSON.stringify(answer)).not.toMatch(/horse|RangeError|\.ts/);
    expect(lines.join()).toContain('session.unlock');
    expect(lines.join()).toContain('RangeError: could not use [input]');
    expect(lines.join()).toContain('ipc.test.ts');
    expect(lines.join()).not.toMatch(/horse|00112233/);
  });

  test('an answer that breaks the contract is INTERNAL, and the log names places without values', async () => {
    const { ask, lines } = handler(() => ({ text: { secret: 'hunter2' } }));
    const answer = await ask(fromUs, 'command.format', { name: 'n', generatorType: 'g', storeType: 's', args: null });
    expect(code(answer)).toBe('INTERNAL');
    expect(lines.join()).toContain('text invalid_type');
    expect(lines.join()).not.toContain('hunter2');
  });

  test('while the profile can not be opened that failure is the answer, and each sound request asks again', async () => {
    const { log } = handler();
    let asked = 0;
    const handlers = (): Promise<Handlers> => {
      asked += 1;
      return asked < 3 ? Promise.reject(new AppError('DATABASE_CORRUPT', 'Corrupt.', 'Restore it.')) : Promise.resolve(handlersThat(() => ({ text: 'ok' })));
    };
    const ask = createRequestHandler({ contents: () => ours, handlers, log });
    const command = { name: 'n', generatorType: 'g', storeType: 's', args: null };
    expect(code(await ask(fromUs, 'command.format', command))).toBe('DATABASE_CORRUPT');
    expect(code(await ask(fromUs, 'session.nothing', undefined))).toBe('IPC_UNKNOWN_CHANNEL');
    expect(code(await ask({ sender: null, senderFrame: null }, 'command.format', command))).toBe('IPC_FORBIDDEN');
    expect(code(await ask(fromUs, 'command.format', {}))).toBe('INPUT_INVALID');
    expect(asked).toBe(1);
    expect(code(await ask(fromUs, 'command.format', command))).toBe('DATABASE_CORRUPT');
    expect(code(await ask(fromUs, 'command.format', command))).toBe('ok');
  });
});

describe('events', () => {
  test('reach the window cut to the contract, and are lost quietly without one', () => {
    sent.length = 0;
    const { log, lines } = handler();
    createEmitter(() => ours, log)({ type: 'changed', what: 'keys', secret: 'hunter2' } as never);
    createEmitter(() => null, log)({ type: 'status' });
    createEmitter(() => ({ ...ours, isDestroyed: () => true }), log)({ type: 'status' });
    expect(sent).toEqual([['key-console:event', { type: 'changed', what: 'keys' }]]);
    createEmitter(() => ours, log)({ type: 'changed', what: 'everything' } as never);
    expect(sent).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });
});

const CANARY = 'c4nary-v4lue';
/** Values that no channel takes, most of them nearly right: objects with the contract's own field names. */
const fieldNames: readonly string[] = [...new Set(channelNames.flatMap((name: ChannelName) => Object.keys((contract[name].input as { shape?: object }).shape ?? {})))];
const leaf = fc.oneof(fc.constant(CANARY), fc.constant(null), fc.integer(), fc.double(), fc.boolean(), fc.array(fc.constant(CANARY)), fc.constant({ [CANARY]: CANARY }), fc.bigInt());
const garbage = fc.oneof(
  leaf,
  fc.dictionary(fc.constantFrom(...fieldNames, '__proto__', 'constructor'), leaf),
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
);
