import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { describe, it } from 'vitest'
import type { AuditProviderProtocol } from '../../src/index.ts'
import {
  consoleProvider,
  databaseProvider,
  exporterProvider,
  journalProvider,
  memoryProvider,
  processorProvider,
} from '../../src/providers/index.ts'
import { providerContract, type ProviderUnderTest } from '../../src/testing/index.ts'
import { startReceiver } from './otlp-receiver.ts'
import { usePostgresql } from './postgresql-fixture.ts'

const runner = { describe, it }

describe('memoryProvider keeps the', () => {
  providerContract(() => {
    const provider = memoryProvider()
    return { provider, recorded: () => provider.records().length }
  }, runner)
})

describe.each([true, false])('consoleProvider (pretty: %s) keeps the', (pretty) => {
  providerContract(() => {
    const lines: string[] = []
    return { provider: consoleProvider({ pretty, write: (line) => lines.push(line) }), recorded: () => lines.length }
  }, runner)
})

describe('exporterProvider with OTLPLogExporter keeps the', () => {
  providerContract(async () => {
    const receiver = await startReceiver()
    return {
      provider: exporterProvider('otlp', new OTLPLogExporter({ url: receiver.url })),
      recorded: () => receiver.records().length,
      dispose: () => receiver.close(),
    }
  }, runner)
})

describe('processorProvider with SimpleLogRecordProcessor keeps the', () => {
  providerContract(
    () => processorProvider('simple', new SimpleLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() })),
    runner,
  )
})

describe('processorProvider with BatchLogRecordProcessor keeps the', () => {
  providerContract(
    () => processorProvider('batch', new BatchLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() })),
    runner,
  )
})

describe('databaseProvider on SQLite keeps the', () => {
  const sql = readFileSync(new URL('../../sql/sqlite.sql', import.meta.url), 'utf8')
  const recordedIn = (db: DatabaseSync) => () =>
    Number(db.prepare('SELECT count(*) AS n FROM admin_audit_log').get()?.['n'])
  const database = (): DatabaseSync => {
    const db = new DatabaseSync(':memory:')
    db.exec(sql)
    return db
  }

  providerContract(() => {
    const db = database()
    return { provider: databaseProvider(), db, recorded: recordedIn(db), dispose: () => db.close() }
  }, runner)

  describe('through a structural AuditSession, the', () => {
    providerContract(() => {
      const db = database()
      const execute = async (text: string, params: readonly unknown[]): Promise<unknown> =>
        db.prepare(text).run(...(params as (string | null)[]))
      return { provider: databaseProvider({ dialect: 'sqlite' }), db: { execute }, recorded: recordedIn(db) }
    }, runner)
  })
})

describe('databaseProvider on PostgreSQL keeps the', () => {
  const { database } = usePostgresql()

  providerContract(async (): Promise<ProviderUnderTest> => {
    const { client } = await database()
    await client.query('BEGIN')
    return {
      provider: databaseProvider(),
      db: client,
      recorded: async () =>
        Number((await client.query<{ n: string }>('SELECT count(*) AS n FROM admin_audit_log')).rows[0]?.n),
      dispose: () => client.query('COMMIT'),
    }
  }, runner)
})

describe('journalProvider keeps the', () => {
  providerContract(() => {
    const dir = mkdtempSync(join(tmpdir(), 'otel-audit-contract-'))
    const provider = journalProvider({ dir: join(dir, 'journal'), collector: false, onProblem: () => undefined })
    return {
      provider,
      dispose: async () => {
        await provider.shutdown()
        rmSync(dir, { recursive: true, force: true })
      },
    }
  }, runner)
})

describe('a module’s own duck type keeps the', () => {
  providerContract(() => {
    const ids: string[] = []
    const provider: AuditProviderProtocol = {
      auditBackend: 'own',
      auditDurability: 'none',
      logAction: (event) => ids.push(event.recordId) > 0,
    }
    return { provider, recorded: () => ids.length }
  }, runner)
})
