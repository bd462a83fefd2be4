import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, type TestContext } from 'vitest'
import { startPostgresql, type PostgresqlServer } from './postgresql-server.ts'

/** The shipped SQL. */
export const postgresqlSql = readFileSync(new URL('../../sql/postgresql.sql', import.meta.url), 'utf8')

export interface PostgresqlFixture {
  /** The running server. */
  readonly server: () => PostgresqlServer
  /** A client on a schema of its own with a table `business`, the shipped SQL applied unless told otherwise. */
  readonly database: (script?: string) => Promise<{ client: pg.Client; schema: string }>
}

/** One PostgreSQL for the tests of this suite, which are skipped with the reason where it cannot run. */
export function usePostgresql(): PostgresqlFixture {
  let started: PostgresqlServer | { readonly unavailable: string } = { unavailable: 'not started' }
  let schemas = 0
  const server = (): PostgresqlServer => {
    if ('unavailable' in started) throw new Error(started.unavailable)
    return started
  }

  beforeAll(async () => {
    started = await startPostgresql()
  }, 120_000)

  afterAll(async () => {
    if (!('unavailable' in started)) await started.stop()
  })

  beforeEach((context: TestContext) => {
    if ('unavailable' in started) context.skip(started.unavailable)
  })

  return {
    server,
    database: async (script = postgresqlSql) => {
      const client = await server().connect()
      const schema = `s_${String((schemas += 1))}`
      await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}`)
      await client.query('CREATE TABLE business (id int PRIMARY KEY)')
      if (script !== '') await client.query(script)
      return { client, schema }
    },
  }
}
