import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function commandHandlers(services: Services): HandlersOf<'command'> {
  return {
    'command.parse': ({ text }) => services.activation.parse(text),
    'command.format': async (command) => ({ text: services.activation.format(command) }),
    'command.complete': async ({ text, cursor }) => ({ completions: await services.activation.complete(text, cursor) }),
    'command.pairs': async () => ({ pairs: await services.activation.pairs() }),
    'command.plan': ({ text }) => services.activation.plan(text),
    'command.run': ({ text, reason }) => services.activation.run(text, reason ?? null),
  };
}
