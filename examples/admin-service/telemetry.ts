import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'

/** One Resource for traces and audit records, so that both name the same service and instance. */
export const resource = defaultResource()
  .merge(resourceFromAttributes({ 'service.name': 'admin-service' }))
  .merge(detectResources({ detectors: [envDetector, hostDetector] }))

export const sdk = new NodeSDK({
  resource,
  autoDetectResources: false,
  instrumentations: [new HttpInstrumentation()],
})
sdk.start()
