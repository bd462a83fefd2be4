/*
 * From the call until the far end, in another process, has acknowledged: otel-audit (durable and chained on the way),
 * and OpenTelemetry's own processors with OTLPLogExporter (neither). Counts what arrives.
 */
import { fork, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  SimpleLogRecordProcessor,
  type LogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { toLogRecord } from '../src/event/log-record.ts'
import { createEventPreparer } from '../src/event/prepare-event.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, keepInFlight, report } from './figure.ts'

interface Counts {
  readonly records: number
  readonly bytes: number
}

async function startReceiver(): Promise<{ url: string; counts: () => Promise<Counts>; stop: () => void }> {
  const child: ChildProcess = fork(path.join(import.meta.dirname, 'receiver.ts'))
  const answer = <T>(): Promise<T> =>
    new Promise((resolve) => child.once('message', (message) => resolve(message as T)))
  const { port } = await answer<{ port: number }>()
  const counts = (): Promise<Counts> => {
    const counted = answer<Counts>()
    child.send('counts')
    return counted
  }
  return { url: `http://127.0.0.1:${port}`, counts, stop: () => child.kill() }
}

const total = Number(process.env['BENCH_RECORDS'] ?? 200_000)
const only = process.argv[2]

async function ours(): Promise<void> {
  const receiver = await startReceiver()
  const logger = createAuditLogger({
    serviceName: 'bench',
    journal: { dir: benchDirectory() },
    collector: { url: process.env['BENCH_COLLECTOR_URL'] ?? receiver.url },
    onProblem: () => undefined,
  })
  await logger.ready()
  await logger.drain()
  await keepInFlight(1024, 30_000, (i) => logger.logAction(benchEvent(i)))
  await logger.drain()
  const before = await receiver.counts()
  const start = performance.now()
  await keepInFlight(1024, total, (i) => logger.logAction(benchEvent(i)))
  await logger.drain()
  const seconds = (performance.now() - start) / 1000
  const after = await receiver.counts()
  const lost =
    process.env['BENCH_COLLECTOR_URL'] === undefined ? Math.max(0, total - (after.records - before.records)) : 0
  const bytes = after.bytes - before.bytes
  report({
    name: 'otel-audit, end to end',
    records: total,
    seconds,
    lost,
    bytes,
    note: 'durable, chained, acknowledged',
  })
  await logger.shutdown()
  receiver.stop()
}

type Make = (url: string) => LogRecordProcessor

async function sdk(name: string, records: number, make: Make, note: string): Promise<void> {
  const receiver = await startReceiver()
  const url = process.env['BENCH_COLLECTOR_URL'] ?? receiver.url
  const processor = make(`${url}/v1/logs`)
  const resource = resourceFromAttributes({ 'service.name': 'bench' })
  const provider = new LoggerProvider({ resource, processors: [processor] })
  const prepare = createEventPreparer({})
  const logger = provider.getLogger('bench')
  const emit = (i: number): void => {
    const { eventName, timestamp, observedTimestamp, attributes, body } = toLogRecord(prepare(benchEvent(i)))
    logger.emit({ eventName, timestamp: [...timestamp], observedTimestamp: [...observedTimestamp], attributes, body })
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const run = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      emit(i)
      if (i % 1024 === 1023) await turn()
    }
    await provider.forceFlush()
  }
  await run(Math.min(30_000, records))
  const before = await receiver.counts()
  const start = performance.now()
  await run(records)
  const seconds = (performance.now() - start) / 1000
  const after = await receiver.counts()
  const lost =
    process.env['BENCH_COLLECTOR_URL'] === undefined ? Math.max(0, records - (after.records - before.records)) : 0
  report({ name, records, seconds, lost, bytes: after.bytes - before.bytes, note })
  await provider.shutdown()
  receiver.stop()
}

const unbounded = { maxQueueSize: 10_000_000, maxExportBatchSize: 512 }
const runs: Record<string, () => Promise<void>> = {
  ours,
  'batch-protobuf': () =>
    sdk(
      'BatchLogRecordProcessor, protobuf, unbounded queue',
      total,
      (url) => new BatchLogRecordProcessor({ exporter: new ProtobufExporter({ url }), ...unbounded }),
      'in memory only',
    ),
  'batch-json': () =>
    sdk(
      'BatchLogRecordProcessor, JSON, unbounded queue',
      total,
      (url) => new BatchLogRecordProcessor({ exporter: new JsonExporter({ url }), ...unbounded }),
      'in memory only',
    ),
  'batch-default': () =>
    sdk(
      'BatchLogRecordProcessor, protobuf, defaults',
      total,
      (url) => new BatchLogRecordProcessor({ exporter: new ProtobufExporter({ url }) }),
      'in memory only',
    ),
  simple: () =>
    sdk(
      'SimpleLogRecordProcessor, protobuf',
      20_000,
      (url) => new SimpleLogRecordProcessor({ exporter: new ProtobufExporter({ url }) }),
      'in memory only',
    ),
}
for (const [key, run] of Object.entries(runs)) if (only === undefined || only === key) await run()
process.exit(0)
