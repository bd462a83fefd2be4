import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/telemetry/metrics.ts'

function register(): { collect: () => Promise<Record<string, unknown>> } {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  return {
    collect: async () => {
      await reader.forceFlush()
      const points =
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
      return Object.fromEntries(
        points.map((metric) => [
          metric.descriptor.name,
          metric.dataPoints.map((point) => ({ value: point.value, attributes: point.attributes })),
        ]),
      )
    },
  }
}

afterEach(() => metrics.disable())

describe('metrics', () => {
  it('count records under the names of rule P10', async () => {
    const { collect } = register()
    const audit = createMetrics({ queueDepth: () => 7, version: '1.2.3' })
    audit.emitted(3)
    audit.emitted(2)
    audit.exported(4)
    audit.dropped(1, 'rejected')
    audit.dropped(2, 'disk_full')
    audit.exportDuration(0.02, 'delivered')
    expect(await collect()).toMatchObject({
      'audit.records.emitted': [{ value: 5 }],
      'audit.records.exported': [{ value: 4 }],
      'audit.records.dropped': [
        { value: 1, attributes: { reason: 'rejected' } },
        { value: 2, attributes: { reason: 'disk_full' } },
      ],
      'audit.queue.depth': [{ value: 7 }],
      'audit.export.duration': [{ value: { count: 1, sum: 0.02 }, attributes: { outcome: 'delivered' } }],
    })
  })

  it('reach an SDK that starts later, and add up over several loggers', async () => {
    const first = createMetrics({ queueDepth: () => 0 })
    const second = createMetrics({ queueDepth: () => 0 })
    first.emitted(10)
    second.emitted(1)
    const { collect } = register()
    first.emitted(1)
    second.emitted(1)
    expect(await collect()).toMatchObject({ 'audit.records.emitted': [{ value: 13 }] })
    first.emitted(1)
    first.close()
    expect(await collect()).toMatchObject({ 'audit.records.emitted': [{ value: 14 }] })
  })

  it('cost next to nothing on the hot path', () => {
    register()
    const audit = createMetrics({ queueDepth: () => 0 })
    const started = performance.now()
    for (let n = 0; n < 1_000_000; n++) audit.emitted(1)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
