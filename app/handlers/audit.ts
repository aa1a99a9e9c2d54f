import type { Services } from '../services.ts';
import type { HostActions } from './host-actions.ts';
import type { HandlersOf } from './index.ts';

export function auditHandlers(services: Services, host: HostActions): HandlersOf<'audit'> {
  return {
    'audit.list': (query) => services.auditList(query),
    'audit.get': ({ seq }) => services.cluster.trail.get(seq),
    'audit.verify': () => services.verifyAudit(),
    'audit.export': async () => {
      const file = await host.chooseSaveFile('audit.jsonl');
      if (file === null) return { file, records: 0 };
      const { records } = await services.cluster.trail.exportTo(file);
      return { file, records };
    },
  };
}
