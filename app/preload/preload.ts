import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import type { ConsoleEvent } from '../contract/events.ts';
import { channelNames, IPC_EVENT, IPC_REQUEST, type KeyConsole } from '../contract/index.ts';

type Methods = Record<string, (input?: unknown) => Promise<unknown>>;

/** `{domain: {method}}` from the channel names: named methods only, so that the page can not ask for any other channel. */
function requests(): Record<string, Methods> {
  const domains: Record<string, Methods> = {};
  for (const name of channelNames) {
    const dot = name.indexOf('.');
    const domain = (domains[name.slice(0, dot)] ??= {});
    domain[name.slice(dot + 1)] = (input) => ipcRenderer.invoke(IPC_REQUEST, name, input);
  }
  return domains;
}

const events: KeyConsole['events'] = {
  subscribe(listener) {
    // The event object of ipcRenderer stays here: it would hand the page the sender.
    const forward = (_event: IpcRendererEvent, event: ConsoleEvent): void => listener(event);
    ipcRenderer.on(IPC_EVENT, forward);
    return () => {
      ipcRenderer.removeListener(IPC_EVENT, forward);
    };
  },
};

contextBridge.exposeInMainWorld('keyConsole', { ...requests(), events });
