import { passwordOf } from '../password.ts';
import type { Services } from '../services.ts';
import type { HostActions } from './host-actions.ts';
import type { HandlersOf } from './index.ts';

export function sessionHandlers(services: Services, host: HostActions): HandlersOf<'session'> {
  return {
    'session.host': async () => host.info(),
    'session.status': () => services.status(),
    'session.outage': () => services.outage(),
    'session.lock': async () => {
      await services.lock('asked');
      return {};
    },
    'session.unlock': async ({ keystorePassword }) => {
      await services.unlock(keystorePassword === undefined ? null : passwordOf(keystorePassword));
      return {};
    },
    'session.touch': async () => {
      services.touch();
      return {};
    },
  };
}
