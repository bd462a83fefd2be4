import { AuditError } from '../errors.ts'
import type { AuditTable } from './audit-table.ts'
import type { DatabaseSession } from './database-session.ts'
import { firstValue } from './query-result.ts'
import { describe, type Settlement } from './settlement.ts'

/** What PostgreSQL's codes mean for an audit row: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const sqlState = {
  undefinedFunction: '42883',
  undefinedTable: '42P01',
  undefinedColumn: '42703',
  aborted: '25P02',
  forbidden: '42501',
}

/**
 * One audit row as one statement: the shipped function's EXCEPTION block is the savepoint. Separate SAVEPOINT, INSERT
 * and RELEASE would interleave with what the caller sends on the same connection, and take its rows along.
 *
 * A function that is not there would fail at parse time, outside every savepoint, and abort the caller's transaction. So
 * the first call on a connection (for an AuditSession: of this provider) asks, by a statement that cannot fail, whether
 * the function can be called.
 */
export class PostgresqlInsert {
  readonly #backend: string
  readonly #table: AuditTable
  readonly #insert: string
  readonly #check: string
  #connections = new WeakSet()
  #sessions = false

  constructor(backend: string, table: AuditTable) {
    this.#backend = backend
    this.#table = table
    this.#insert = `SELECT ${table.insertFunction}($1::jsonb)`
    this.#check = `SELECT has_function_privilege(to_regprocedure('${table.insertFunction}(jsonb)'), 'EXECUTE')`
  }

  /** @throws AuditError `provider_failed`, `bad_session`, `aborted` */
  async insert(session: DatabaseSession, row: string, settlement: Settlement): Promise<void> {
    if (!this.#isKnown(session)) {
      await this.#checkCallable(session)
      if (settlement.aborted) {
        throw new AuditError('aborted', `audit provider "${this.#backend}": the caller gave up before the insert`)
      }
    }
    const answer = firstValue(await this.#run(session, this.#insert, [row]))
    if (answer === null) return
    if (typeof answer !== 'string') throw this.#unreadable()
    throw this.#refused(answer)
  }

  async #checkCallable(session: DatabaseSession): Promise<void> {
    const callable = firstValue(await this.#run(session, this.#check, []))
    if (callable === null) throw this.#missing(`there is no function ${this.#table.insertFunction}(jsonb)`)
    if (callable === false) {
      throw this.#failure(`no permission to call ${this.#table.insertFunction}(jsonb); GRANT EXECUTE on it`)
    }
    if (callable !== true) throw this.#unreadable()
    if (session.connection === undefined) this.#sessions = true
    else this.#connections.add(session.connection)
  }

  async #run(session: DatabaseSession, sql: string, params: readonly string[]): Promise<unknown> {
    try {
      return await session.run(sql, params)
    } catch (cause) {
      const code = codeOf(cause)
      if (code === sqlState.aborted) {
        throw this.#failure('the transaction is aborted already by an earlier statement; roll it back', cause)
      }
      // What was seen before no longer holds: dropped, another role or another search_path.
      if (code === sqlState.undefinedFunction || code === sqlState.forbidden) {
        this.#connections = new WeakSet()
        this.#sessions = false
      }
      if (code === sqlState.undefinedFunction) throw this.#missing(describe(cause), cause)
      const elsewhere = code === undefined && session.dialect === undefined
      const hint = elsewhere ? '; if this is not PostgreSQL, name its dialect: databaseProvider({ dialect })' : ''
      throw this.#failure(`${describe(cause)}${hint}`, cause)
    }
  }

  #isKnown(session: DatabaseSession): boolean {
    return session.connection === undefined ? this.#sessions : this.#connections.has(session.connection)
  }

  #refused(answer: string): AuditError {
    const code = answer.slice(0, 5)
    const missing = code === sqlState.undefinedTable || code === sqlState.undefinedColumn
    return missing ? this.#missing(answer) : this.#failure(`PostgreSQL refused the row: ${answer}`)
  }

  #missing(reason: string, cause?: unknown): AuditError {
    const file = this.#table.standard ? 'sql/postgresql.sql of otel-audit' : 'the SQL of sqlFor() for these names'
    return this.#failure(`${reason}; apply ${file} to this database`, cause)
  }

  #failure(reason: string, cause?: unknown): AuditError {
    const message = `audit provider "${this.#backend}": the row was not written: ${reason}`
    return new AuditError('provider_failed', message, cause === undefined ? {} : { cause })
  }

  #unreadable(): AuditError {
    return new AuditError(
      'bad_session',
      `audit provider "${this.#backend}": what execute() resolved with holds no result row, so nobody can tell whether the audit row was written; resolve with the rows, or { rows }`,
    )
  }
}

function codeOf(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const { code, cause } = thrown as { readonly code?: unknown; readonly cause?: unknown }
  // Query builders wrap the driver's error.
  return typeof code === 'string' && code.length === 5 ? code : cause === thrown ? undefined : codeOf(cause)
}
