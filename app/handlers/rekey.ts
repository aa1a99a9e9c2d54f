import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function rekeyHandlers(services: Services): HandlersOf<'rekey'> {
  return {
    'rekey.plan': ({ request, limits }) => services.rekeys.plan(request, limits),
    'rekey.start': async ({ request, limits, confirm }) => ({ id: await services.rekeys.begin(request, limits, confirm) }),
    'rekey.list': async () => ({ campaigns: await services.rekeys.list(), needs: await services.rekeys.needs() }),
    'rekey.get': ({ id }) => services.rekeys.get(id),
    'rekey.pause': async ({ id }) => {
      await services.rekeys.pause(id);
      return {};
    },
    'rekey.resume': async ({ id }) => {
      await services.rekeys.goOn(id);
      return {};
    },
    'rekey.cancel': async ({ id }) => {
      await services.rekeys.cancel(id);
      return {};
    },
    'rekey.retry': async ({ id }) => services.rekeys.retryAndGoOn(id),
    'rekey.limits': async ({ id, limits }) => {
      await services.rekeys.setLimits(id, limits);
      return {};
    },
    'rekey.failures': ({ id, after, limit }) => services.rekeys.failures(id, { after, limit }),
    'rekey.schedules': () => services.rekeys.schedules.list(),
    'rekey.addSchedule': async ({ schedule, confirm }) => ({ id: await services.rekeys.schedules.add(schedule, confirm) }),
    'rekey.removeSchedule': async ({ id }) => {
      await services.rekeys.schedules.remove(id);
      return {};
    },
  };
}
