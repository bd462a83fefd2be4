import { AuditError } from '../errors.ts'
import type { DatabaseDialect } from './audit-table.ts'
import { show } from './provider-options.ts'

/**
 * All that a database session must offer: one statement on the caller's own connection and transaction.
 *
 * @example
 * const prisma: AuditSession = { execute: (sql, params) => tx.$queryRawUnsafe(sql, ...params) }
 * const typeorm: AuditSession = { execute: (sql, params) => manager.query(sql, [...params]) }
 * const postgresJs: AuditSession = { execute: (text, params) => sql.unsafe(text, [...params]) }
 */
export interface AuditSession {
  /**
   * Runs one statement. Placeholders are `$1` on PostgreSQL and `?` on SQLite. On PostgreSQL it must resolve with the
   * result rows, as an array or as `{ rows }`: only they tell that a row was refused.
   */
  execute(sql: string, params: readonly unknown[]): Promise<unknown>
}

/** A recognised session. */
export interface DatabaseSession {
  /** What the session itself speaks; `undefined` when only the provider's options can tell. */
  readonly dialect: DatabaseDialect | undefined
  /** The connection, where this object is one connection for its whole life. */
  readonly connection: object | undefined
  /** A result, or a promise of one: what the driver itself gives. */
  readonly run: (sql: string, params: readonly (string | null)[]) => unknown
}

/**
 * Recognises an {@link AuditSession}, a `pg` client, a `node:sqlite` `DatabaseSync` or one like it, by shape.
 *
 * @throws AuditError `bad_session`
 */
export function databaseSession(db: unknown, backend: string): DatabaseSession {
  const refuse = (reason: string): AuditError =>
    new AuditError('bad_session', `audit provider "${backend}": ${reason}; nothing was written to this backend`)
  if (db === undefined || db === null) {
    throw refuse('no database session; pass the transaction of the call: logAction(event, { db })')
  }
  if (typeof db !== 'object' && typeof db !== 'function') throw refuse(`db is no session but ${show(db)}`)
  if (isPool(db)) {
    throw refuse(
      'db is a connection pool, and its next query may run outside the transaction; pass the client that runs it',
    )
  }
  if (isAuditSession(db)) {
    return { dialect: undefined, connection: undefined, run: (sql, params) => db.execute(sql, params) }
  }
  if (isSynchronousSqlite(db)) {
    return { dialect: 'sqlite', connection: db, run: (sql, params) => db.prepare(sql).run(...params) }
  }
  if (isPgClient(db)) {
    return { dialect: 'postgresql', connection: db, run: (sql, params) => db.query(sql, [...params]) }
  }
  throw refuse(
    'db is not a session this package knows (a pg client, a node:sqlite DatabaseSync); wrap it as { execute(sql, params) }',
  )
}

interface SynchronousSqlite {
  prepare(sql: string): { run(...params: (string | null)[]): unknown }
}

interface PgClient {
  query(sql: string, params: (string | null)[]): unknown
}

function isPool(db: object): boolean {
  const like = db as { readonly totalCount?: unknown; readonly idleCount?: unknown; readonly getConnection?: unknown }
  const { constructor } = db as { readonly constructor?: { readonly name?: unknown } }
  return (
    (typeof like.totalCount === 'number' && typeof like.idleCount === 'number') ||
    typeof like.getConnection === 'function' ||
    /Pool$/.test(String(constructor?.name))
  )
}

function isAuditSession(db: object): db is AuditSession {
  return typeof (db as Partial<AuditSession>).execute === 'function'
}

// Drivers with a `run` of their own (sqlite3, its promise wrappers) answer by callback, and not to us.
function isSynchronousSqlite(db: object): db is SynchronousSqlite {
  const like = db as { readonly prepare?: unknown; readonly exec?: unknown; readonly run?: unknown }
  return typeof like.prepare === 'function' && typeof like.exec === 'function' && typeof like.run !== 'function'
}

function isPgClient(db: object): db is PgClient {
  const like = db as { readonly query?: unknown; readonly getTransactionStatus?: unknown }
  return (
    typeof like.query === 'function' &&
    (typeof like.getTransactionStatus === 'function' || 'processID' in db || 'native' in db)
  )
}
