import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuditLogger, type AuditLogger } from '../../src/index.ts'
import { exporterProvider } from '../../src/providers/index.ts'
import { recordsOfCollector, type SeenRecord } from './audit-records.ts'
import { requireCollector, startCollector, type CollectorProcess } from './collector-process.ts'
import { until } from './until.ts'

describe.skipIf(requireCollector() === undefined)('OTLPLogExporter beside the journal, into one real Collector', () => {
  let dir = ''
  let collector: CollectorProcess
  let logger: AuditLogger
  let problems: string[] = []

  beforeEach(async () => {
    problems = []
    dir = mkdtempSync(join(tmpdir(), 'audit-e2e-'))
    collector = await startCollector({ dir })
    const exporter = new OTLPLogExporter({ url: `${collector.url}/v1/logs`, timeoutMillis: 2_000 })
    logger = createAuditLogger({
      serviceName: 'shop',
      journal: { dir: join(dir, 'journal') },
      collector: { url: collector.url, initialBackoffMillis: 50, maxBackoffMillis: 500 },
      providers: [exporterProvider('otlp', exporter)],
      onProblem: ({ code }) => problems.push(code),
    })
  })
  afterEach(async () => {
    await logger.shutdown()
    await collector.kill()
    rmSync(dir, { recursive: true, force: true })
  })

  const event = (i: number) => ({
    adminUserId: 'alice',
    action: 'update_setting',
    targetType: 'setting',
    targetId: `key-${String(i)}`,
    requestId: `req-${String(i)}`,
    details: { i, big: 2n ** 60n, nested: [{ name: 'Zürich' }] },
  })

  it('both ways bring every record, the same but for its place in the journal', async () => {
    const receipts = await Promise.all(Array.from({ length: 200 }, (_, i) => logger.emit(event(i))))
    for (const { backends, durability } of receipts) {
      expect({ backends, durability }).toEqual({
        backends: { journal: { ok: true }, otlp: { ok: true } },
        durability: 'local',
      })
    }
    expect(await logger.drain({ timeoutMillis: 20_000 })).toEqual({ undelivered: 0 })
    await collector.stop()

    const arrived = recordsOfCollector(collector.outputFile).filter(({ requestId }) => requestId !== '')
    const bare = (wanted: (record: SeenRecord) => boolean) =>
      arrived
        .filter(wanted)
        .map(({ requestId, eventName, traceId, attributes, resource }) => {
          const own = Object.entries(attributes).filter(([key]) => !key.startsWith('audit.sequence.'))
          return { requestId, eventName, traceId, own: Object.fromEntries(own), service: resource['service.name'] }
        })
        .sort((a, b) => (a.requestId < b.requestId ? -1 : 1))
    const journalled = bare(({ place }) => place !== '')
    expect(journalled.map(({ own }) => own['audit.record.id']).sort()).toEqual(
      receipts.map(({ recordId }) => recordId).sort(),
    )
    expect(bare(({ place }) => place === '')).toEqual(journalled)
    expect(problems).toEqual([])
  })

  it('a Collector that is away fails the exporter only; the journal has the record and brings it later', async () => {
    await collector.kill()
    const began = Date.now()
    expect(await logger.logAction(event(1), { timeoutMillis: 10_000 })).toBe(true)
    expect(Date.now() - began).toBeLessThan(5_000)
    const { backends } = await logger.emit(event(2), { timeoutMillis: 500 })
    expect(backends).toMatchObject({ journal: { ok: true }, otlp: { ok: false, error: { code: 'provider_timeout' } } })
    await until(
      () => problems.includes('provider_failed'), // event 1: OTLPLogExporter gave up
      () => problems.join(),
    )
    await collector.restart()
    expect(await logger.drain({ timeoutMillis: 20_000 })).toEqual({ undelivered: 0 })
    await collector.stop()
    const places = recordsOfCollector(collector.outputFile).filter(({ place }) => place !== '')
    expect(places.map(({ requestId }) => requestId)).toEqual(expect.arrayContaining(['req-1', 'req-2']))
  })
})
