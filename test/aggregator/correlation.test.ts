import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api'
import { expect, it } from 'vitest'
import { traceIdFromRequestId } from '../../src/index.ts'
import { event, FakeProvider } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

async function spanContextOf(requestId: string | undefined, context?: Context) {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  await logger.logAction({ ...event, requestId }, context === undefined ? {} : { context })
  expect(disk.records[0]?.attributes['audit.request.id']).toBe(requestId)
  return disk.records[0]?.spanContext
}

it('the active span of the given context gives trace and span id, over any request id', async () => {
  const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 })
  expect(await spanContextOf('req-1', context)).toMatchObject({ traceId, spanId, traceFlags: 1 })
})

it('an invalid span context gives way to the request id', async () => {
  const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: '0'.repeat(32), spanId, traceFlags: 1 })
  expect(await spanContextOf('req-1', context)).toMatchObject({ traceId: traceIdFromRequestId('req-1'), spanId: '' })
})

it('without a span a traceparent gives both ids, other request ids the trace id alone, and nothing gives nothing', async () => {
  expect(await spanContextOf(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, traceFlags: 0 })
  expect(await spanContextOf(traceId.toUpperCase())).toEqual({ traceId, spanId: '', traceFlags: 0 })
  expect(await spanContextOf('req-1')).toEqual({ traceId: traceIdFromRequestId('req-1'), spanId: '', traceFlags: 0 })
  expect(await spanContextOf(undefined)).toBeUndefined()
})

it('under NodeSDK and HTTP instrumentation records carry the request’s own span, taken at the call', () => {
  const script = fileURLToPath(new URL('traced-service.ts', import.meta.url))
  // NodeSDK would else try to reach a collector for its own logs and metrics.
  const env = { ...process.env, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' }
  const child = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 25_000, env })
  expect(child.stderr.replaceAll(/^.*(?:warn|Warning|--trace).*$/gm, '').trim()).toBe('')
  const { active, records, spans, afterSdk } = JSON.parse(child.stdout) as {
    active: { traceId: string; spanId: string }
    records: {
      action: string
      requestId?: string
      spanContext?: { traceId: string; spanId: string }
      sameResource: boolean
    }[]
    spans: { traceId: string; spanId: string; name: string; parent?: string }[]
    afterSdk: boolean
  }
  const [inRequest, inWork, outside, after] = records
  expect(records.map(({ action }) => action)).toEqual(['create_store', 'update_store', 'outside', 'after_sdk_shutdown'])
  expect(inRequest?.spanContext).toMatchObject({ traceId: active.traceId, spanId: active.spanId })
  expect(inRequest?.requestId).toBe('req-1')
  const work = spans.find(({ name }) => name === 'work')
  expect(work?.parent).toBe(active.spanId)
  expect(inWork?.spanContext).toMatchObject({ traceId: work?.traceId, spanId: work?.spanId })
  expect(outside?.spanContext).toEqual({ traceId: traceIdFromRequestId('req-1'), spanId: '', traceFlags: 0 })
  expect(after?.spanContext).toBeUndefined()
  expect(afterSdk).toBe(true)
  expect(records.every(({ sameResource }) => sameResource)).toBe(true)
})
