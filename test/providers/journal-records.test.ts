import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAuditLogger, journalProvider, type AuditEventInput, type AuditProblem } from '../../src/index.ts'
import { recordsIn } from './journal-files.ts'

const event: AuditEventInput = { adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 's-1' }
let dir = ''

beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'otel-audit-journal-records-'))))
afterEach(() => {
  metrics.disable()
  rmSync(dir, { recursive: true, force: true })
})

function startRecord(): string {
  return JSON.stringify(recordsIn(dir).find(({ eventName }) => eventName === 'audit.pipeline.start')?.body)
}

/** Reads the counts of emitted and dropped records. */
function counts(): () => Promise<{ emitted: number; dropped: number }> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  return async () => {
    await reader.forceFlush()
    const all =
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
    const sum = (name: string): number =>
      (all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []).reduce(
        (total, { value }) => total + Number(value),
        0,
      )
    return { emitted: sum('audit.records.emitted'), dropped: sum('audit.records.dropped') }
  }
}

it('the start record shows the collector without its query', async () => {
  const url = 'http://127.0.0.1:9/v1/logs?token=t0ken'
  const problems: AuditProblem[] = []
  const logger = createAuditLogger({ journal: { dir }, collector: { url }, onProblem: (one) => problems.push(one) })
  await logger.ready()
  await logger.shutdown({ timeoutMillis: 500, drain: true })
  expect(startRecord()).toContain('"http://127.0.0.1:9/v1/logs?…"')
  expect(startRecord() + JSON.stringify([problems, logger.health()])).not.toContain('t0ken')
})

it('the start record says that without a collector records are kept for ever', async () => {
  const logger = createAuditLogger({ journal: { dir, retain: '1d' }, collector: false })
  await logger.ready()
  await logger.shutdown()
  expect(startRecord()).toContain('{"key":"retainMillis","value":{"stringValue":"for ever"}}')
})

const limit = 1_048_576

it('counts a record as emitted or as dropped, not as both', async () => {
  const read = counts()
  const logger = createAuditLogger({ journal: { dir, maxBytes: limit }, collector: false, onProblem: () => undefined })
  const large = { ...event, details: { text: 'x'.repeat(limit / 2) } }
  for (const confirmed of [true, true, false, false, false]) expect(await logger.logAction(large)).toBe(confirmed)
  expect(await read()).toEqual({ emitted: 2, dropped: 3 })
  await logger.shutdown()
})

it('counts the records of a plain LoggerProvider in the same way', async () => {
  const read = counts()
  const journal = journalProvider({ dir, maxBytes: limit, collector: false })
  const logger = new LoggerProvider({ processors: [journal] }).getLogger('shop')
  for (const recordId of ['r-1', 'r-2', 'r-3']) {
    logger.emit({ body: 'x'.repeat(limit / 2), attributes: { 'audit.record.id': recordId } })
    await journal.forceFlush()
  }
  expect(await read()).toEqual({ emitted: 2, dropped: 1 })
  await journal.shutdown()
})
