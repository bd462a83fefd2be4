import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { databaseProvider, sqlFor } from '../../src/providers/index.ts'
import { sampleAuditEvent } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'
import { failureOf } from './audit-errors.ts'
import { log } from './database-call.ts'

const sql = readFileSync(new URL('../../sql/sqlite.sql', import.meta.url), 'utf8')

function database(script: string = sql): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE business (id INTEGER PRIMARY KEY)')
  db.exec(script)
  return db
}

function rowsOf(db: DatabaseSync): Record<string, unknown>[] {
  return db.prepare('SELECT * FROM admin_audit_log ORDER BY id').all()
}

function count(db: DatabaseSync, table: string): unknown {
  return db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']
}

describe('databaseProvider on SQLite', () => {
  it('writes every column before onEmit returns, without being told the dialect', () => {
    const db = database()
    const event = sampleAuditEvent({
      occurredAt: new Date('2026-11-24T01:02:03.456Z'),
      details: { name: 'Müller', bytes: Buffer.from('hi'), big: -9007199254740993n },
    })
    new SlotDriver(databaseProvider()).put(event, { db })
    expect(rowsOf(db).map((row) => ({ ...row }))).toEqual([
      {
        id: 1,
        record_id: event.recordId,
        admin_user_id: '42',
        action: 'create_store',
        target_type: 'store',
        target_id: '7',
        details: '{"name":"Müller","bytes":{"bytesValue":"aGk="},"big":"-9007199254740993"}',
        ip_address: '192.0.2.7',
        user_agent: 'provider-contract/1.0',
        request_id: 'req-1',
        trace_id: null,
        outcome: 'success',
        created_at: '2026-11-24T01:02:03.456Z',
      },
    ])
  })

  it('leaves details {} when the event has none, and absent values NULL', async () => {
    const db = database()
    const event = Object.fromEntries(
      Object.entries(sampleAuditEvent()).filter(([key]) => !['ipAddress', 'userAgent', 'requestId'].includes(key)),
    ) as ReturnType<typeof sampleAuditEvent>
    const { outcome } = new SlotDriver(databaseProvider()).put(event, { db })
    expect(await outcome).toEqual({ ok: true })
    expect(rowsOf(db)[0]).toMatchObject({ details: '{}', ip_address: null, user_agent: null, request_id: null })
  })

  it('keeps the row with the caller’s commit and takes it back with the rollback', async () => {
    const db = database()
    db.exec('BEGIN')
    expect(await log(db)).toEqual({ ok: true })
    db.exec('ROLLBACK')
    expect(count(db, 'admin_audit_log')).toBe(0)
    db.exec('BEGIN')
    expect(await log(db)).toEqual({ ok: true })
    db.exec('COMMIT')
    expect(count(db, 'admin_audit_log')).toBe(1)
  })

  it('leaves the caller’s transaction whole when its insert fails, even under a constraint that rolls back', async () => {
    const db = database(
      sql.replace(
        'created_at text NOT NULL',
        "created_at text NOT NULL, UNIQUE (record_id) ON CONFLICT ROLLBACK, CHECK (outcome <> 'failure')",
      ),
    )
    const recordId = '3d1bd34a-5fb7-4b3c-8d5c-0d7a6dd4a001'
    db.exec('BEGIN')
    db.exec('INSERT INTO business VALUES (1)')
    expect(await log(db, { recordId })).toEqual({ ok: true })
    const message = failureOf(await log(db, { recordId }))
    expect(message).toMatch(/^provider_failed: /)
    expect(message).toContain('UNIQUE constraint failed')
    expect(failureOf(await log(db, { outcome: 'failure' }))).toContain('CHECK constraint failed')
    db.exec('INSERT INTO business VALUES (2)')
    db.exec('COMMIT')
    expect(count(db, 'business')).toBe(2)
    expect(count(db, 'admin_audit_log')).toBe(1)
  })

  it('names the SQL file when the table is missing', async () => {
    const message = failureOf(await log(database('')))
    expect(message).toMatch(/^provider_failed: /)
    expect(message).toContain('no such table: admin_audit_log')
    expect(message).toContain('apply sql/sqlite.sql of otel-audit')
  })

  it('keeps NUL characters as they are', async () => {
    const db = database()
    expect(await log(db, { userAgent: 'a\u0000b', details: { text: 'a\u0000b' } })).toEqual({ ok: true })
    const row = rowsOf(db)[0]!
    expect(row['user_agent']).toBe('a\u0000b')
    expect(JSON.parse(String(row['details']))).toEqual({ text: 'a\u0000b' })
  })

  it('speaks ? placeholders to a structural AuditSession with dialect sqlite, whatever it resolves with', async () => {
    const db = database()
    const session = {
      execute: async (text: string, params: readonly unknown[]) =>
        void db.prepare(text).run(...(params as (string | null)[])),
    }
    const options = { dialect: 'sqlite' } as const
    db.exec('BEGIN')
    expect(await log(session, {}, options)).toEqual({ ok: true })
    expect(count(db, 'admin_audit_log')).toBe(1)
    db.exec('ROLLBACK')
    expect(count(db, 'admin_audit_log')).toBe(0)
    db.exec('DROP TABLE admin_audit_log')
    expect(failureOf(await log(session, {}, options))).toContain('no such table')
  })

  it('writes to a table and columns of other names with the SQL of sqlFor', async () => {
    const names = {
      dialect: 'sqlite',
      table: 'main.Trail',
      columns: { admin_user_id: 'group', details: 'Order' },
    } as const
    const db = database(sqlFor(names) + sqlFor(names))
    expect(await log(db, { details: { a: 1 } }, names)).toEqual({ ok: true })
    expect(db.prepare('SELECT "group" AS g, "Order" AS o FROM Trail').get()).toMatchObject({ g: '42', o: '{"a":1}' })
  })

  it('fails only its slot on a database that is closed', async () => {
    const db = database()
    db.close()
    expect(failureOf(await log(db))).toMatch(/^provider_failed: /)
  })
})
