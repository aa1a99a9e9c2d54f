import type { Services } from '../services.ts';
import type { HandlersOf } from './index.ts';

export function configHandlers(services: Services): HandlersOf<'config'> {
  return {
    'config.view': () => services.configs.view(),
    'config.plan': ({ settings, node }) => services.configPlans.plan(settings, node),
    'config.set': async ({ settings, node, confirm }) => ({ changes: await services.configs.set(settings, node, confirm) }),
    'config.addNode': async ({ node, configIni }) => {
      await services.addNode(node, configIni);
      return {};
    },
    'config.removeNode': async ({ node }) => {
      await services.removeNode(node);
      return {};
    },
    'config.scan': ({ path }) => services.scans.start(path),
    'config.lastScan': async () => ({ scan: services.scans.last() }),
  };
}
