import { diag, DiagLogLevel } from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { databaseProvider, sqlFor } from '../../src/providers/index.ts'
import { sampleAuditEvent, sampleLogRecord } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'
import { failureOf, thrownBy } from './audit-errors.ts'
import { log } from './database-call.ts'

async function failure(db: unknown): Promise<string> {
  return failureOf(await log(db))
}

describe('the session of a call', () => {
  afterEach(() => diag.disable())

  it('must be there, and the message says how to pass it', async () => {
    const missing = 'bad_session: audit provider "database": no database session; pass the transaction of the call'
    expect(await failure(undefined)).toContain(missing)
    expect(await failure(null)).toContain(missing)
  })

  it('is no pool, whatever driver it is of', async () => {
    class BoundPool {
      query(): void {
        throw new Error('a pool must not be asked')
      }
    }
    const refused = 'bad_session: audit provider "database": db is a connection pool'
    expect(await failure({ totalCount: 0, idleCount: 0, query: () => undefined })).toContain(refused)
    expect(await failure({ getConnection: () => undefined, execute: () => undefined })).toContain(refused)
    expect(await failure(new BoundPool())).toContain(refused)
  })

  it('is refused when it cannot be recognised, a callback driver included', async () => {
    const refused = 'bad_session: audit provider "database": db is not a session this package knows'
    const callbackDriver = { prepare: () => undefined, exec: () => undefined, run: () => undefined }
    for (const db of [{}, { query: () => undefined }, Object.create(null) as object, callbackDriver, () => undefined]) {
      expect(await failure(db)).toContain(refused)
    }
    expect(await failure('postgres://localhost')).toContain('db is no session but "postgres://localhost"')
  })

  it('may throw anything at any moment and fails its slot alone', async () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what hostile code may do
          throw null
        },
      },
    )
    expect(await failure(hostile)).toContain('provider_failed: ')
    expect(
      await failure({
        execute: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what hostile code may do
          throw 'no'
        },
      }),
    ).toContain('provider_failed: ')
    expect(await failure({ execute: async () => Promise.reject(new Error('gone')) })).toContain('gone')
  })

  it('is not to be had in a plain LoggerProvider: said through diag, never thrown', () => {
    const said: string[] = []
    const note = (message: string): void => void said.push(message)
    diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.ERROR)
    const driver = new SlotDriver(databaseProvider())
    const event = sampleAuditEvent()
    driver.putPlain(sampleLogRecord(event))
    driver.putPlain({ body: 'an ordinary log' })
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(`record ${event.recordId} came without a session, so no row was written`)
  })

  it('is not used for a caller that gave up before', async () => {
    const asked: string[] = []
    const { outcome } = new SlotDriver(databaseProvider()).put(sampleAuditEvent(), {
      db: { execute: async (sql: string) => void asked.push(sql) },
      signal: AbortSignal.abort(),
    })
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'aborted' } })
    expect(asked).toEqual([])
  })
})

describe('the names of an audit table', () => {
  it('are plain identifiers, once each', () => {
    const table = 'bad_config: databaseProvider: table must be "name" or "schema.name"'
    for (const name of ['', 'a b', 'a;DROP TABLE x', 'a"b', 'a.b.c', '1a', 'x'.repeat(45)]) {
      expect(thrownBy(() => databaseProvider({ table: name }))).toContain(table)
    }
    expect(thrownBy(() => databaseProvider({ columns: { action: 'a"' } }))).toContain('columns.action must be')
    expect(thrownBy(() => sqlFor({ columns: { action: 'Outcome' } }))).toBe(
      'bad_config: sqlFor: two columns are named "outcome"',
    )
  })

  it('refuse unknown columns, options and dialects', () => {
    const columns = { actor: 'x' } as object
    expect(thrownBy(() => databaseProvider({ columns }))).toContain('unknown option "actor"')
    expect(thrownBy(() => databaseProvider({ tabel: 'x' } as object))).toContain('unknown option "tabel"')
    expect(thrownBy(() => databaseProvider({ dialect: 'oracle' } as object))).toContain('dialect must be')
    expect(thrownBy(() => databaseProvider({ backend: 'No' }))).toContain('the backend name "No" must be')
  })
})
