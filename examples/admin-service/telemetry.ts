import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import {
  defaultResource,
  detectResources,
  hostDetector,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'

const detectors = [hostDetector, serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector]

/** One Resource for traces and audit records, so that both name the same service and instance. */
export const resource = defaultResource()
  .merge(resourceFromAttributes({ 'service.name': 'admin-service' }))
  .merge(detectResources({ detectors }))

export const sdk = new NodeSDK({
  resource,
  autoDetectResources: false,
  instrumentations: [new HttpInstrumentation()],
})
sdk.start()
