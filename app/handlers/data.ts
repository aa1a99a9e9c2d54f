import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function dataHandlers(services: Services): HandlersOf<'data' | 'jobs'> {
  return {
    'data.census': () => services.data.census(),
    'data.takeCensus': async (request) => ({ id: services.censuses.start(request).id }),
    'data.instances': (query) => services.data.list(query),
    'data.instance': ({ lu, id }) => services.data.detail(lu, id),
    'data.verify': ({ lu }) => services.data.verify(lu),
    'data.show': ({ lu, id, confirm }) => services.data.show(lu, id, confirm),
    'jobs.list': async () => {
      await services.censuses.offerUnfinished();
      return { jobs: services.jobs.list() };
    },
    'jobs.pause': async ({ id }) => {
      await services.jobs.stop(id, 'paused');
      return {};
    },
    'jobs.resume': async ({ id }) => {
      services.jobs.resume(id);
      return {};
    },
    'jobs.cancel': async ({ id }) => {
      await services.jobs.stop(id, 'cancelled');
      await services.censuses.abandon(id);
      return {};
    },
  };
}
