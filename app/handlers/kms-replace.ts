import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function replacementHandlers(services: Services): HandlersOf<'replacement'> {
  return {
    'replacement.current': () => services.replacement.current(),
    'replacement.plan': (request) => services.replacement.plan(request),
    'replacement.run': ({ confirm, reason, ...request }) => services.replacement.run(request, confirm, reason ?? null),
  };
}
