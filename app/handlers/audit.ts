import { AppError } from '../../main/errors.ts';
import type { Services } from '../services.ts';
import type { HostActions } from './host-actions.ts';
import type { HandlersOf } from './index.ts';

export function auditHandlers(services: Services, host: HostActions): HandlersOf<'audit'> {
  return {
    'audit.list': (query) => services.auditList(query),
    'audit.get': async ({ seq }) => {
      const [record] = await services.cluster.db.audit.read(seq, 1);
      if (record?.seq === seq) return { ...record };
      throw new AppError('NOT_FOUND', `There is no audit record ${seq}.`, 'See the list of records.', { details: { seq } });
    },
    'audit.verify': () => services.verifyAudit(),
    'audit.export': async () => {
      const file = await host.chooseSaveFile('audit.jsonl');
      if (file === null) return { file, records: 0 };
      const { records } = await services.cluster.trail.exportTo(file);
      return { file, records };
    },
  };
}
