import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function clusterHandlers(services: Services): HandlersOf<'cluster'> {
  return {
    'cluster.ring': async ({ description }) => ({ ring: await services.map.ring(description) }),
    'cluster.nodes': ({ all }) => services.map.nodes(all === true),
  };
}
