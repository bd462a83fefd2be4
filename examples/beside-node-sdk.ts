import { trace } from '@opentelemetry/api'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { createAuditLogger } from 'otel-audit'

// One Resource for both. NodeSDK does traces; the audit trail is a pipeline of its own beside it.
const resource = defaultResource().merge(resourceFromAttributes({ 'service.name': 'shop-admin' }))
const sdk = new NodeSDK({ resource, autoDetectResources: false })
sdk.start()
const audit = createAuditLogger({ resource })

await trace.getTracer('shop-admin').startActiveSpan('change role', async (span) => {
  const receipt = await audit.emit({
    adminUserId: 'alice',
    action: 'change_role',
    targetType: 'user',
    targetId: 'bob',
    details: { from: 'support', to: 'manager' },
  })
  console.log(
    `record ${String(receipt.sequence)} of stream ${String(receipt.streamId)}, trace ${span.spanContext().traceId}`,
  )
  span.end()
})

await audit.shutdown()
await sdk.shutdown().catch(() => undefined) // rejects when nobody takes the traces
