import type { Services } from '../../app/services.ts';

/** What must be true after any fault. */
export interface Standing {
  readonly instances: number;
  readonly unreadable: number;
  readonly brokenGenerations: number;
  /** Active generations by key name. */
  readonly active: Readonly<Record<string, number>>;
  readonly auditIntact: boolean;
}

/** Opens every instance and every generation, and checks the audit chain. */
export async function standing(services: Services): Promise<Standing> {
  const data = await services.data.verify();
  const verified = await services.keys.verify();
  const { keys } = await services.keys.list();
  const active: Record<string, number> = {};
  for (const { name, state } of keys) active[name] = (active[name] ?? 0) + (state === 'active' ? 1 : 0);
  return {
    instances: data.checked,
    unreadable: data.unreadable.length,
    brokenGenerations: verified.unreadable.length,
    active,
    auditIntact: (await services.verifyAudit()).intact,
  };
}
