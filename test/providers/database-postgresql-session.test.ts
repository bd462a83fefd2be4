import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { failureOf } from './audit-errors.ts'
import { log } from './database-call.ts'
import { usePostgresql } from './postgresql-fixture.ts'
import { rowsOf } from './postgresql-rows.ts'

describe('a session of PostgreSQL', () => {
  const { server, database } = usePostgresql()

  it('takes a structural AuditSession that resolves with the rows in any of the usual shapes', async () => {
    const { client } = await database()
    const shapes: ((result: pg.QueryResult<Record<string, unknown>>) => unknown)[] = [
      (result) => result,
      (result) => result.rows,
      (result) => result.rows.map((row) => Object.values(row)),
      (result) => [result.rows, { rowCount: 1 }],
    ]
    for (const shape of shapes) {
      const session = {
        execute: async (text: string, params: readonly unknown[]) => shape(await client.query(text, [...params])),
      }
      expect(await log(session)).toEqual({ ok: true })
      await client.query("ALTER TABLE admin_audit_log ADD CONSTRAINT no_more CHECK (action <> 'forbidden')")
      expect(failureOf(await log(session, { action: 'forbidden' }))).toContain('23514 ')
      await client.query('ALTER TABLE admin_audit_log DROP CONSTRAINT no_more')
    }
    expect(await rowsOf(client)).toHaveLength(shapes.length)
  })

  it('claims nothing for a session that hides the answer, and writes nothing through it', async () => {
    const { client } = await database()
    const session = {
      execute: async (text: string, params: readonly unknown[]) => {
        await client.query(text, [...params])
      },
    }
    const message = failureOf(await log(session))
    expect(message).toMatch(/^bad_session: /)
    expect(message).toContain('holds no result row')
    expect(await rowsOf(client)).toEqual([])
  })

  it('refuses a pool and says why, but takes a client of it', async () => {
    const { schema } = await database()
    const pool = new pg.Pool({ ...server().config, options: `-c search_path=${schema}` })
    const message = failureOf(await log(pool))
    expect(message).toMatch(/^bad_session: /)
    expect(message).toContain('db is a connection pool')
    const client = await pool.connect()
    expect(await log(client)).toEqual({ ok: true })
    client.release()
    await pool.end()
  })

  it('fails only its slot on a client that is closed', async () => {
    const client = new pg.Client(server().config)
    await client.connect()
    await client.end()
    expect(failureOf(await log(client))).toMatch(/^provider_failed: /)
  })

  it('takes the row from drivers that encode a jsonb parameter once more', async () => {
    const { client } = await database()
    const session = {
      execute: (text: string, params: readonly unknown[]) =>
        client.query(
          text,
          params.map((row) => JSON.stringify(row)),
        ),
    }
    expect(await log(session, { details: { a: '"' } })).toEqual({ ok: true })
    expect((await rowsOf(client))[0]!['details']).toEqual({ a: '"' })
  })
})
