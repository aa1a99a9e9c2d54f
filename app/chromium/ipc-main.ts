import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import type { Frame } from './frames.ts';
import { pack, unpack } from './worlds.ts';

type Listener = Parameters<IpcMain['handle']>[1];

const handlers = new Map<string, Listener>();

export const ipcMain = {
  handle: (channel, listener) => {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, listener);
  },
  removeHandler: (channel) => {
    handlers.delete(channel);
  },
} satisfies Pick<IpcMain, 'handle' | 'removeHandler'>;

/** Runs the handler for a request from a preload world; the reply to send back as text, or null for no request at all. */
export async function answerRequest(text: string, sender: unknown, senderFrame: Frame | null): Promise<string | null> {
  let request: { id: unknown; channel: unknown; values: unknown[] };
  try {
    const parsed = JSON.parse(text) as { id: unknown; channel: unknown; values: string };
    request = { id: parsed.id, channel: parsed.channel, values: unpack(parsed.values) };
  } catch {
    return null;
  }
  const reply = request.id;
  const handler = typeof request.channel === 'string' ? handlers.get(request.channel) : undefined;
  if (handler === undefined) return JSON.stringify({ reply, error: `No handler registered for '${String(request.channel)}'` });
  try {
    const event = { sender, senderFrame, type: 'frame', processId: 1, frameId: senderFrame?.routingId ?? 0 } as unknown as IpcMainInvokeEvent;
    return JSON.stringify({ reply, value: pack([await handler(event, ...request.values)]) });
  } catch (error) {
    return JSON.stringify({ reply, error: `Error invoking remote method '${String(request.channel)}': ${String(error)}` });
  }
}
