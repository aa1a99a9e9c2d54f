import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function keyHandlers(services: Services): HandlersOf<'keys'> {
  return {
    'keys.list': () => services.keys.list(),
    'keys.get': ({ description }) => services.keys.get(description),
    'keys.verify': ({ description }) => services.keys.verify(description),
    'keys.removeOrphans': ({ dryRun }) => services.keys.removeOrphans(dryRun),
  };
}
