import type { z } from 'zod';
import type { ChannelName, Contract, Output } from '../contract/index.ts';
import type { Services } from '../services.ts';
import { auditHandlers } from './audit.ts';
import { clusterHandlers } from './cluster.ts';
import { commandHandlers } from './command.ts';
import { configHandlers } from './config.ts';
import { dataHandlers } from './data.ts';
import type { HostActions } from './host-actions.ts';
import { fileHandlers } from './files.ts';
import { keyHandlers } from './keys.ts';
import { kmsHandlers } from './kms.ts';
import { replacementHandlers } from './kms-replace.ts';
import { regionHandlers } from './regions.ts';
import { rekeyHandlers } from './rekey.ts';
import { sessionHandlers } from './session.ts';
import { settingsHandlers } from './settings.ts';

export type { HostActions } from './host-actions.ts';

/** One function for every channel; input is parsed already, output is parsed after. */
export type Handlers = {
  readonly [C in ChannelName]: (input: z.output<Contract[C]['input']>) => Promise<Output<C>>;
};

export function createHandlers(services: Services, host: HostActions): Handlers {
  return {
    ...sessionHandlers(services, host),
    ...keyHandlers(services),
    ...kmsHandlers(services),
    ...clusterHandlers(services),
    ...commandHandlers(services),
    ...configHandlers(services),
    ...dataHandlers(services),
    ...rekeyHandlers(services),
    ...regionHandlers(services),
    ...replacementHandlers(services),
    ...auditHandlers(services, host),
    ...settingsHandlers(services, host),
    ...fileHandlers(host),
    'overview.get': () => services.overview.get(),
  };
}

/** The handlers of the channels whose names start with one of `D`. */
export type HandlersOf<D extends string> = Pick<Handlers, Extract<ChannelName, `${D}.${string}`>>;
