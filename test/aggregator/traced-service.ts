// A child process of correlation.test.ts: a real HTTP server and client under the real NodeSDK. Prints one JSON line.
import type * as httpModule from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { context, trace } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { createAuditLogger, memoryProvider } from '../../src/index.ts'

const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': 'one' })
const spans: { traceId: string; spanId: string; name: string; parent: string | undefined }[] = []
const sdk = new NodeSDK({
  resource,
  autoDetectResources: false,
  instrumentations: [new HttpInstrumentation()],
  spanProcessors: [
    {
      onStart: () => undefined,
      onEnd: (span) => {
        const { traceId, spanId } = span.spanContext()
        spans.push({ traceId, spanId, name: span.name, parent: span.parentSpanContext?.spanId })
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  ],
})
sdk.start()
// The instrumentation patches what is loaded after it.
const http = createRequire(import.meta.url)('node:http') as typeof httpModule

const memory = memoryProvider()
const auditLogger = createAuditLogger({ resource, journal: false, providers: [memory], onProblem: () => undefined })
const event = { adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 12 }

const server = http.createServer((request, response) => {
  const requestId = String(request.headers['x-request-id'])
  const active = trace.getSpanContext(context.active())
  void (async () => {
    await auditLogger.logAction({ ...event, requestId })
    await new Promise((resolve) => setTimeout(resolve, 5))
    await trace.getTracer('shop').startActiveSpan('work', async (span) => {
      // Taken at the call: the span's end before the confirmation changes nothing.
      const answer = auditLogger.logAction({ ...event, action: 'update_store', requestId })
      span.end()
      await answer
    })
    response.end(JSON.stringify(active))
  })()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const active = await new Promise<string>((resolve, reject) => {
  const headers = { 'x-request-id': 'req-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
  const request = http.get({ port, host: '127.0.0.1', headers }, (response) => {
    let text = ''
    response.on('data', (chunk: Buffer) => (text += chunk.toString()))
    response.on('end', () => resolve(text))
  })
  request.on('error', reject)
})
await auditLogger.logAction({ ...event, action: 'outside', requestId: 'req-1' })
server.close()
await sdk.shutdown()
const afterSdk = await auditLogger.logAction({ ...event, action: 'after_sdk_shutdown' })
const records = memory.records().map(({ record }) => ({
  action: record.attributes['audit.action'],
  requestId: record.attributes['audit.request.id'],
  spanContext: record.spanContext,
  sameResource: isDeepStrictEqual(record.resource.attributes, resource.attributes),
}))
console.log(JSON.stringify({ active: JSON.parse(active) as unknown, records, spans, afterSdk }))
