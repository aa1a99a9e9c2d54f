import type { z } from 'zod';
import { audit } from './audit.ts';
import type { Answer } from './channel.ts';
import { cluster } from './cluster.ts';
import { command } from './command.ts';
import { config } from './config.ts';
import { data } from './data.ts';
import type { ConsoleEvent } from './events.ts';
import { files } from './files.ts';
import { keys } from './keys.ts';
import { kms } from './kms.ts';
import { replacement } from './kms-replace.ts';
import { overviewChannels } from './overview.ts';
import { regions } from './regions.ts';
import { rekey } from './rekey.ts';
import { session } from './session.ts';
import { settings } from './settings.ts';

/** Every request the window can make. A channel's name is `domain.method`; docs/adding-a-channel.md tells how to add one. */
export const contract = { ...session, ...cluster, ...keys, ...kms, ...command, ...config, ...data, ...audit, ...overviewChannels, ...rekey, ...regions, ...replacement, ...settings, ...files };

export type Contract = typeof contract;
export type ChannelName = keyof Contract;
export type Input<C extends ChannelName> = z.input<Contract[C]['input']>;
export type Output<C extends ChannelName> = z.output<Contract[C]['output']>;

type DomainOf<C> = C extends `${infer D}.${string}` ? D : never;
type MethodOf<C, D extends string> = C extends `${D}.${infer M}` ? M : never;
type Call<C extends ChannelName> = undefined extends Input<C>
  ? () => Promise<Answer<Output<C>>>
  : (input: Input<C>) => Promise<Answer<Output<C>>>;

/** What the preload puts on `window.keyConsole`: `keyConsole.keys.list()`, `keyConsole.events.subscribe(…)`. */
export type KeyConsole = {
  readonly [D in DomainOf<ChannelName>]: {
    readonly [M in MethodOf<ChannelName, D>]: Call<Extract<`${D}.${M}`, ChannelName>>;
  };
} & {
  readonly events: {
    /** @returns a function that ends the subscription. */
    subscribe(listener: (event: ConsoleEvent) => void): () => void;
  };
};

export const channelNames = Object.keys(contract) as ChannelName[];
/** The Electron channel names under which requests and events travel. */
export const IPC_REQUEST = 'key-console:request';
export const IPC_EVENT = 'key-console:event';
