import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function regionHandlers(services: Services): HandlersOf<'regions'> {
  return {
    'regions.get': () => services.regions.last(),
    'regions.audit': async () => ({ id: services.regions.start().id }),
    'regions.whatIf': ({ lost, disabled }) => services.regions.whatIf({ lost: lost ?? null, disabled: disabled ?? null }),
  };
}
