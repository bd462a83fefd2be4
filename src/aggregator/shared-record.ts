import { diag, type HrTime, type SpanContext } from '@opentelemetry/api'
import type { ReadableLogRecord, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { ownValue } from './own-value.ts'
import { resourceView } from './resource-view.ts'

/**
 * The record as the providers beside the journal get it: one that none of them can change for another, for the caller's
 * span and Resource, or for a later record. It is frozen with everything in it; the setters only warn, and an assignment
 * throws. Bytes, which can not be frozen, each provider has of its own where several take the call.
 */
export class SharedRecord implements ReadWriteLogRecord {
  readonly hrTime: HrTime
  readonly hrTimeObserved: HrTime
  readonly spanContext?: SpanContext
  readonly severityText?: NonNullable<ReadableLogRecord['severityText']>
  readonly severityNumber?: NonNullable<ReadableLogRecord['severityNumber']>
  readonly body: ReadableLogRecord['body']
  readonly eventName?: string
  readonly resource: ReadableLogRecord['resource']
  readonly instrumentationScope: ReadableLogRecord['instrumentationScope']
  readonly attributes: ReadableLogRecord['attributes']
  readonly droppedAttributesCount: number
  readonly #several: boolean

  /** `several`: more than one provider beside the journal takes the call. */
  constructor(
    record: ReadableLogRecord,
    several: boolean,
    body: ReadableLogRecord['body'] = record.body,
    attributes: ReadableLogRecord['attributes'] = record.attributes,
  ) {
    this.hrTime = Object.freeze([...record.hrTime]) as HrTime
    this.hrTimeObserved = Object.freeze([...record.hrTimeObserved]) as HrTime
    if (record.spanContext !== undefined) this.spanContext = ownSpanContext(record.spanContext)
    if (record.severityText !== undefined) this.severityText = record.severityText
    if (record.severityNumber !== undefined) this.severityNumber = record.severityNumber
    this.body = body
    if (record.eventName !== undefined) this.eventName = record.eventName
    this.resource = resourceView(record.resource)
    this.instrumentationScope = Object.freeze(record.instrumentationScope)
    this.attributes = Object.freeze(attributes)
    this.droppedAttributesCount = record.droppedAttributesCount
    this.#several = several
    Object.freeze(this)
  }

  /** The record for one of the providers. */
  forOne(): SharedRecord {
    if (!this.#several) return this
    const body = ownValue(this.body)
    const attributes = ownValue(this.attributes)
    if (body === this.body && attributes === this.attributes) return this
    return new SharedRecord(this, false, body, attributes)
  }

  setAttribute(): this {
    return this.#unchanged()
  }

  setAttributes(): this {
    return this.#unchanged()
  }

  setBody(): this {
    return this.#unchanged()
  }

  setEventName(): this {
    return this.#unchanged()
  }

  setSeverityNumber(): this {
    return this.#unchanged()
  }

  setSeverityText(): this {
    return this.#unchanged()
  }

  #unchanged(): this {
    diag.warn('otel-audit: a provider tried to change the record it was given; nothing was changed')
    return this
  }
}

// The active span's own object, which the service's traces use.
function ownSpanContext({ traceId, spanId, traceFlags, isRemote, traceState }: SpanContext): SpanContext {
  return Object.freeze({
    traceId,
    spanId,
    traceFlags,
    ...(isRemote === undefined ? {} : { isRemote }),
    ...(traceState === undefined ? {} : { traceState }),
  })
}
