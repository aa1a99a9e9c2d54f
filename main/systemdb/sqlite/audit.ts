import type { AuditRecord, AuditRepository } from '../repositories.ts';
import type { Session } from './session.ts';

const APPEND = `
  INSERT INTO k2audit_k2_auditing (seq, at, actor, act, object, context, outcome, completes, previous, hash)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
  WHERE ?1 = 1 + coalesce((SELECT max(seq) FROM k2audit_k2_auditing), 0)`;

/** `k2audit_k2_auditing`; rows are only ever added. */
export class SqliteAudit implements AuditRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async append(record: AuditRecord): Promise<boolean> {
    const { seq, at, actor, act, object, context, outcome, completes, previous, hash } = record;
    return this.#session.run(
      () =>
        this.#session.statement(APPEND).run(seq, at, actor, act, object, context, outcome, completes, previous, hash).changes === 1,
    );
  }

  async head(): Promise<AuditRecord | null> {
    const newest = 'SELECT * FROM k2audit_k2_auditing ORDER BY seq DESC LIMIT 1';
    return this.#session.run(() => (this.#session.statement(newest).get() as AuditRecord | undefined) ?? null);
  }

  async read(fromSeq: number, limit: number): Promise<AuditRecord[]> {
    const page = 'SELECT * FROM k2audit_k2_auditing WHERE seq >= ? ORDER BY seq LIMIT ?';
    return this.#session.run(() => this.#session.statement(page).all(fromSeq, limit) as unknown as AuditRecord[]);
  }
}
