import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function commandHandlers(services: Services): HandlersOf<'command'> {
  return {
    'command.parse': async ({ text }) => services.activation.parse(text),
    'command.format': async (command) => ({ text: services.activation.format(command) }),
    'command.complete': async ({ text, cursor }) => ({ completions: services.activation.complete(text, cursor) }),
    'command.plan': ({ text }) => services.activation.plan(text),
    'command.run': ({ text, reason }) => services.activation.run(text, reason ?? null),
  };
}
