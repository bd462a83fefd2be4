import { describe, expect, it } from 'vitest'
import { databaseProvider, sqlFor } from '../../src/providers/index.ts'
import { sampleAuditEvent } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'
import { failureOf } from './audit-errors.ts'
import { log, logWith } from './database-call.ts'
import { postgresqlSql, usePostgresql } from './postgresql-fixture.ts'
import { businessIds, rowsOf } from './postgresql-rows.ts'

describe('databaseProvider on PostgreSQL', () => {
  const { server, database } = usePostgresql()

  it('writes every column of an event that is committed', async () => {
    const { client } = await database()
    const event = sampleAuditEvent({
      occurredAt: new Date('2026-11-24T01:02:03.456Z'),
      details: { name: 'Shop "7"', nested: { big: 9007199254740993n, bytes: new Uint8Array([1, 2]), none: null } },
    })
    await client.query('BEGIN')
    expect(await logWith(new SlotDriver(databaseProvider()), client, event)).toEqual({ ok: true })
    await client.query('COMMIT')
    expect(await rowsOf(client)).toEqual([
      {
        id: '1',
        record_id: event.recordId,
        admin_user_id: '42',
        action: 'create_store',
        target_type: 'store',
        target_id: '7',
        details: {
          name: 'Shop "7"',
          nested: { big: '9007199254740993', bytes: { bytesValue: 'AQI=' }, none: null },
        },
        ip_address: '192.0.2.7',
        user_agent: 'provider-contract/1.0',
        request_id: 'req-1',
        trace_id: null,
        outcome: 'success',
        created_at: new Date('2026-11-24T01:02:03.456Z'),
      },
    ])
  })

  it('leaves details {} when the event has none', async () => {
    const { client } = await database()
    await log(client)
    expect((await rowsOf(client))[0]!['details']).toEqual({})
  })

  it('takes the row back with the caller’s rollback', async () => {
    const { client } = await database()
    await client.query('BEGIN')
    expect(await log(client)).toEqual({ ok: true })
    expect(await rowsOf(client)).toHaveLength(1)
    await client.query('ROLLBACK')
    expect(await rowsOf(client)).toEqual([])
  })

  it('keeps the row of a client that is in no transaction', async () => {
    const { client, schema } = await database()
    expect(await log(client)).toEqual({ ok: true })
    const other = await server().connect()
    expect(await rowsOf(other, `${schema}.admin_audit_log`)).toHaveLength(1)
  })

  it('costs neither of two business inserts sent at once when its own insert fails', async () => {
    const { client } = await database()
    await client.query("ALTER TABLE admin_audit_log ADD CHECK (action <> 'forbidden')")
    const driver = new SlotDriver(databaseProvider())
    for (const round of [0, 1]) {
      await client.query('BEGIN')
      const first = client.query('INSERT INTO business VALUES ($1)', [2 * round + 1])
      const audit = logWith(driver, client, { action: 'forbidden' })
      const second = client.query('INSERT INTO business VALUES ($1)', [2 * round + 2])
      await Promise.all([first, second])
      const message = failureOf(await audit)
      expect(message).toMatch(/^provider_failed: /)
      expect(message).toContain('PostgreSQL refused the row: 23514 ')
      await client.query('COMMIT')
    }
    expect(await businessIds(client)).toEqual([1, 2, 3, 4])
    expect(await rowsOf(client)).toEqual([])
  })

  it('keeps several audit rows and business rows that are sent at once in one transaction', async () => {
    const { client } = await database()
    await client.query('BEGIN')
    const driver = new SlotDriver(databaseProvider())
    await Promise.all([
      client.query('INSERT INTO business VALUES (1)'),
      ...[1, 2, 3].map(() => logWith(driver, client)),
      client.query('INSERT INTO business VALUES (2)'),
    ])
    await client.query('COMMIT')
    expect(await rowsOf(client)).toHaveLength(3)
    expect(await businessIds(client)).toEqual([1, 2])
  })

  it('sends its statement inside onEmit, in order with the caller’s own, once the function was seen', async () => {
    const { client } = await database()
    const driver = new SlotDriver(databaseProvider())
    await logWith(driver, client)
    const sent: string[] = []
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    Object.assign(client, {
      query: (text: string, ...rest: unknown[]) => {
        sent.push(text)
        return query(text, ...rest)
      },
    })
    const { outcome } = driver.put(sampleAuditEvent(), { db: client })
    expect(sent).toEqual(['SELECT otel_audit_insert($1::jsonb)'])
    await outcome
  })

  it.each([
    ['function', '', 'there is no function otel_audit_insert(jsonb)'],
    ['table', `${postgresqlSql}; DROP TABLE admin_audit_log`, '42P01 '],
    ['column', `${postgresqlSql}; ALTER TABLE admin_audit_log DROP COLUMN trace_id`, '42703 '],
  ])('names the SQL file when the %s is missing, and the transaction goes on', async (_what, script, text) => {
    const { client } = await database(script)
    await client.query('BEGIN')
    await client.query('INSERT INTO business VALUES (1)')
    const message = failureOf(await log(client))
    expect(message).toMatch(/^provider_failed: /)
    expect(message).toContain(text)
    expect(message).toContain('apply sql/postgresql.sql of otel-audit')
    await client.query('INSERT INTO business VALUES (2)')
    await client.query('COMMIT')
    expect(await businessIds(client)).toEqual([1, 2])
  })

  it('finds the function again after it was dropped and applied anew', async () => {
    const { client } = await database()
    const driver = new SlotDriver(databaseProvider())
    expect(await logWith(driver, client)).toEqual({ ok: true })
    await client.query('DROP FUNCTION otel_audit_insert(jsonb)')
    expect(failureOf(await logWith(driver, client))).toContain('apply sql/postgresql.sql')
    await client.query(postgresqlSql)
    expect(await logWith(driver, client)).toEqual({ ok: true })
  })

  it('says that a transaction is aborted already', async () => {
    const { client } = await database()
    await client.query('BEGIN')
    await expect(client.query('SELECT 1/0')).rejects.toThrow()
    const message = failureOf(await log(client))
    expect(message).toMatch(/^provider_failed: /)
    expect(message).toContain('the transaction is aborted already by an earlier statement')
    await client.query('ROLLBACK')
  })

  it('keeps NUL characters and lone surrogates visible instead of losing the row or the transaction', async () => {
    const { client } = await database()
    await client.query('BEGIN')
    const outcome = await log(client, {
      userAgent: 'agent\u0000x',
      details: { 'key\u0000': 'a\u0000b', literal: '\\u0000', lone: '\ud800!', pair: '😀' },
    })
    expect(outcome).toEqual({ ok: true })
    await client.query('COMMIT')
    const row = (await rowsOf(client))[0]!
    expect(row['user_agent']).toBe('agent\\u0000x')
    expect(row['details']).toEqual({ 'key\\u0000': 'a\\u0000b', literal: '\\u0000', lone: '\ufffd!', pair: '😀' })
  })

  it('does not wait for a locked audit table for longer than two seconds', async () => {
    const { client, schema } = await database()
    const other = await server().connect()
    await other.query(`BEGIN; LOCK TABLE ${schema}.admin_audit_log IN ACCESS EXCLUSIVE MODE`)
    await client.query('BEGIN')
    const started = performance.now()
    expect(failureOf(await log(client))).toContain('55P03 ')
    expect(performance.now() - started).toBeLessThan(5_000)
    await client.query('INSERT INTO business VALUES (1)')
    await client.query('COMMIT')
    await other.query('ROLLBACK')
    expect(await businessIds(client)).toEqual([1])
  })

  it('writes to a table and columns of other names with the SQL of sqlFor', async () => {
    const { client, schema } = await database('')
    const names = {
      table: `${schema}.Trail`,
      columns: { admin_user_id: 'user', details: 'context', created_at: 'At' },
    } as const
    expect(failureOf(await log(client, {}, names))).toContain('apply the SQL of sqlFor() for these names')
    await client.query(sqlFor(names))
    await client.query(sqlFor(names))
    expect(await log(client, { details: { a: 1 } }, names)).toEqual({ ok: true })
    expect(await rowsOf(client, `${schema}."Trail"`)).toMatchObject([{ user: '42', context: { a: 1 } }])
  })

  it('sends no insert for a caller that gave up while the function was being looked up', async () => {
    const { client } = await database()
    const abort = new AbortController()
    const { outcome } = new SlotDriver(databaseProvider()).put(sampleAuditEvent(), {
      db: client,
      signal: abort.signal,
    })
    abort.abort()
    expect(failureOf(await outcome)).toMatch(/^aborted: /)
    expect(await rowsOf(client)).toEqual([])
  })

  it('fails a call that may not call the function, and the transaction goes on', async () => {
    const { client, schema } = await database()
    await client.query(`CREATE ROLE r_${schema}; GRANT USAGE ON SCHEMA ${schema} TO r_${schema};
      GRANT INSERT ON business TO r_${schema}; REVOKE EXECUTE ON FUNCTION otel_audit_insert(jsonb) FROM PUBLIC`)
    await client.query(`SET ROLE r_${schema}`)
    await client.query('BEGIN')
    expect(failureOf(await log(client))).toContain('no permission to call otel_audit_insert(jsonb)')
    await client.query('INSERT INTO business VALUES (1)')
    await client.query('COMMIT')
    await client.query('RESET ROLE')
    expect(await businessIds(client)).toEqual([1])
  })
})
