import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { getAuditDelivery, type AuditDelivery, type AuditProvider } from '../aggregator/audit-provider.ts'
import { isAuditRecord, recordIdOf } from './audit-log-record.ts'
import { auditRow, rowJsonb, type AuditRow } from './audit-row.ts'
import { auditTable, insertedColumns, type AuditTable, type AuditTableOptions } from './audit-table.ts'
import { databaseSession, type DatabaseSession } from './database-session.ts'
import { PostgresqlInsert } from './postgresql-insert.ts'
import { checkedBackend, checkKnownOptions } from './provider-options.ts'
import { describe, providerFailure, settlementOf, shutDownError, type Settlement } from './settlement.ts'
import { AuditError } from '../errors.ts'

export interface DatabaseProviderOptions extends AuditTableOptions {
  /** The backend name. Default: `database`. */
  readonly backend?: string
}

/**
 * A row in `admin_audit_log` through the session that the call brings: `logAction(event, { db })`. Durability:
 * `transaction`; the row is there when the caller's transaction commits and gone when it rolls back, so a call must be
 * awaited before the transaction ends. A connection that is in no transaction makes the row a transaction of its own.
 *
 * It takes an {@link AuditSession}, a `pg` client (never a pool) and a `node:sqlite` `DatabaseSync`. A row that cannot
 * be written fails this backend for this call and costs the caller's transaction nothing: on PostgreSQL it is one
 * statement, `SELECT otel_audit_insert($1::jsonb)`, on SQLite one `INSERT OR ABORT`. Apply `sql/postgresql.sql` or
 * `sql/sqlite.sql` of this package first, or `sqlFor(options)` for names of your own. The function must be found by the
 * `search_path` of every session, or `table` names its schema.
 *
 * On PostgreSQL, which has no U+0000, that character is kept as the visible text `\u0000`. In `details`, bigints beyond
 * 2^53 are decimal strings and bytes are `{"bytesValue": "<base64>"}`.
 *
 * A call that timed out may still leave its row: its statement was sent already.
 *
 * @throws AuditError `bad_config`. Calls fail with `bad_session` (no `db`, a pool, an unknown object), `provider_failed`
 *   (the row was refused), `aborted`, `shut_down`.
 * @example
 * await logger.logAction({ adminUserId, action, targetType, targetId }, { db: client, backends: ['database'] })
 */
export function databaseProvider(options: DatabaseProviderOptions = {}): AuditProvider {
  checkKnownOptions(options, ['dialect', 'table', 'columns', 'backend'], 'databaseProvider')
  return new DatabaseAuditProvider(
    checkedBackend(options.backend ?? 'database', 'databaseProvider'),
    auditTable(options, 'databaseProvider'),
  )
}

class DatabaseAuditProvider implements AuditProvider {
  readonly auditBackend: string
  readonly auditDurability = 'transaction'
  readonly #table: AuditTable
  readonly #postgresql: PostgresqlInsert
  readonly #sqliteInsert: string
  #state: 'open' | 'closed' = 'open'

  constructor(backend: string, table: AuditTable) {
    this.auditBackend = backend
    this.#table = table
    this.#postgresql = new PostgresqlInsert(backend, table)
    // OR ABORT: a constraint's own ON CONFLICT ROLLBACK would take the caller's transaction with it.
    this.#sqliteInsert = `INSERT OR ABORT INTO ${table.table} (${insertedColumns.map(table.column).join(', ')}) VALUES (${insertedColumns.map(() => '?').join(', ')})`
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    if (!isAuditRecord(record)) return
    const delivery = getAuditDelivery(context)
    const settlement = settlementOf(delivery, this.auditBackend, 'transaction')
    if (this.#state === 'closed') {
      settlement.fail(shutDownError(this.auditBackend))
    } else if (delivery === undefined) {
      settlement.fail(this.#noSession(recordIdOf(record)))
    } else if (settlement.aborted) {
      settlement.fail(new AuditError('aborted', `audit provider "${this.auditBackend}": the caller had given up`))
    } else {
      this.#insert(record, delivery, settlement)
    }
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    this.#state = 'closed'
    return Promise.resolve()
  }

  // The first statement leaves inside onEmit, in order with the caller's own.
  #insert(record: ReadWriteLogRecord, delivery: AuditDelivery, settlement: Settlement): void {
    const failed = (thrown: unknown): void => settlement.fail(this.#failure(delivery.event.recordId, thrown))
    try {
      const session = databaseSession(delivery.db, this.auditBackend)
      const done = this.#send(session, auditRow(delivery.event, record), settlement)
      if (isThenable(done)) done.then(() => settlement.confirm(), failed)
      else settlement.confirm()
    } catch (thrown) {
      failed(thrown)
    }
  }

  #send(session: DatabaseSession, row: AuditRow, settlement: Settlement): unknown {
    const dialect = session.dialect ?? this.#table.dialect
    if (dialect === 'postgresql') return this.#postgresql.insert(session, rowJsonb(row), settlement)
    return session.run(
      this.#sqliteInsert,
      insertedColumns.map((column) => row[column]),
    )
  }

  #failure(recordId: string, thrown: unknown): AuditError {
    const hint = /no such (table|column)|has no column/i.test(describe(thrown)) ? this.#applySqlite() : ''
    return providerFailure(this.auditBackend, `record ${recordId} was not written${hint}`, thrown)
  }

  #applySqlite(): string {
    return `; apply ${this.#table.standard ? 'sql/sqlite.sql of otel-audit' : 'the SQL of sqlFor() for these names'} to this database`
  }

  #noSession(recordId: string): AuditError {
    return new AuditError(
      'bad_session',
      `audit provider "${this.auditBackend}": record ${recordId} came without a session, so no row was written; log through createAuditLogger with { db }`,
    )
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
