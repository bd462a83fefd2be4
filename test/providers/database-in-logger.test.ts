import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuditLogger, isAuditError, traceIdFromRequestId, type AuditLogger } from '../../src/index.ts'
import { databaseProvider, memoryProvider } from '../../src/providers/index.ts'
import { usePostgresql } from './postgresql-fixture.ts'

const sqliteSql = readFileSync(new URL('../../sql/sqlite.sql', import.meta.url), 'utf8')
const event = { adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 12, requestId: 'req-7' }
const rowOnly = { backends: ['database'] }

let logger: AuditLogger
let memory: ReturnType<typeof memoryProvider>
let problems: string[]

beforeEach(() => {
  memory = memoryProvider()
  problems = []
  logger = createAuditLogger({
    providers: [databaseProvider(), memory],
    journal: false,
    onProblem: ({ code, message }) => problems.push(`${code}: ${message}`),
  })
})

afterEach(() => logger.shutdown())

describe('the database beside another backend in one logger, on PostgreSQL', () => {
  const { server, database } = usePostgresql()

  it('writes the row in the caller’s transaction, with the trace id of the request', async () => {
    const { client } = await database()
    await client.query('BEGIN')
    const receipt = await logger.emit(event, { db: client, ...rowOnly })
    expect(receipt).toMatchObject({ durability: 'transaction', backends: { database: { ok: true } } })
    await client.query('COMMIT')
    const { rows } = await client.query('SELECT * FROM admin_audit_log WHERE record_id = $1', [receipt.recordId])
    expect(rows).toMatchObject([{ request_id: 'req-7', trace_id: traceIdFromRequestId('req-7'), details: {} }])
    expect(memory.records()).toEqual([])
  })

  it('takes the row back with the rollback, and says so nowhere else', async () => {
    const { client } = await database()
    await client.query('BEGIN')
    const { recordId } = await logger.emit(event, { db: client, ...rowOnly })
    await client.query('ROLLBACK')
    const { rows } = await client.query('SELECT 1 FROM admin_audit_log WHERE record_id = $1', [recordId])
    expect(rows).toEqual([])
  })

  it('gives false to a pool for this backend only', async () => {
    const pool = new pg.Pool(server().config)
    expect(await logger.logAction(event, { db: pool, ...rowOnly })).toBe(false)
    expect(problems.join()).toContain('bad_session: audit provider "database": db is a connection pool')
    const receipt = await logger.emit(event, { db: pool })
    expect(receipt.backends['memory']).toEqual({ ok: true })
    expect(receipt.backends['database']).toMatchObject({ ok: false, error: { code: 'bad_session' } })
    await pool.end()
  })

  it('costs neither of two business inserts that are sent at once beside a failing audit insert', async () => {
    const { client } = await database()
    await client.query("ALTER TABLE admin_audit_log ADD CONSTRAINT refuse CHECK (target_id <> 'forbidden')")
    await client.query('BEGIN')
    const [, confirmed] = await Promise.all([
      client.query('INSERT INTO business VALUES (1)'),
      logger.logAction({ ...event, targetId: 'forbidden' }, { db: client, ...rowOnly }),
      client.query('INSERT INTO business VALUES (2)'),
    ])
    await client.query('COMMIT')
    expect(confirmed).toBe(false)
    expect(problems.join()).toContain('PostgreSQL refused the row: 23514 ')
    expect((await client.query('SELECT id FROM business ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('gives false within its time limit for a session that hangs, and the other backend has the record', async () => {
    const hanging = { execute: () => new Promise<never>(() => undefined) }
    const receipt = await logger.emit(event, { db: hanging, timeoutMillis: 50 }).catch((error: unknown) => {
      if (isAuditError(error)) return error.receipt
      throw error
    })
    expect(receipt).toMatchObject({
      backends: { memory: { ok: true }, database: { ok: false, error: { code: 'provider_timeout' } } },
    })
    expect(memory.records()).toHaveLength(1)
  })
})

describe('the database in a logger, on SQLite', () => {
  it('keeps the row with the commit, takes it back with the rollback, and is false without a session', async () => {
    const db = new DatabaseSync(':memory:')
    db.exec(sqliteSql)
    const count = (): unknown => db.prepare('SELECT count(*) AS n FROM admin_audit_log').get()?.['n']
    db.exec('BEGIN')
    expect(await logger.logAction(event, { db, ...rowOnly })).toBe(true)
    db.exec('ROLLBACK')
    expect(count()).toBe(0)
    db.exec('BEGIN')
    expect(await logger.logAction(event, { db, ...rowOnly })).toBe(true)
    db.exec('COMMIT')
    expect(count()).toBe(1)
    expect(await logger.logAction(event, rowOnly)).toBe(false)
    expect(problems.join()).toContain('bad_session: audit provider "database": no database session')
  })
})
