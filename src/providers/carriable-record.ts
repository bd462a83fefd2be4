import type { AnyValue, Attributes, HrTime, SeverityNumber, SpanContext } from '@opentelemetry/api'
import type { ReadableLogRecord, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { jsonInteger } from './details-json.ts'

const int64Limit = 2 ** 63

/**
 * The record as OpenTelemetry's exporters can carry it. Their transformer turns a bigint into an empty value, and a
 * whole number beyond int64 into an `intValue` that no receiver can read; here a bigint is a number where that is exact
 * and else a decimal string, and such a number is its decimal text. The record itself is returned when nothing needs
 * replacing; it is never changed.
 */
export function carriableRecord(record: ReadableLogRecord): ReadableLogRecord {
  const body = carriableValue(record.body)
  const attributes = carriableValue(record.attributes) as Attributes
  if (body === record.body && attributes === record.attributes) return record
  return { ...fieldsOf(record), body, attributes }
}

/** A copy, however deep, that a foreign processor may write to without any other provider seeing it. */
export function writableCopy(record: ReadableLogRecord): ReadWriteLogRecord {
  return new DetachedLogRecord(record)
}

class DetachedLogRecord implements ReadWriteLogRecord {
  hrTime: HrTime
  hrTimeObserved: HrTime
  spanContext?: SpanContext
  severityText?: string
  severityNumber?: SeverityNumber
  body?: AnyValue
  eventName?: string
  readonly resource: ReadableLogRecord['resource']
  readonly instrumentationScope: ReadableLogRecord['instrumentationScope']
  readonly attributes: Attributes
  droppedAttributesCount: number

  constructor(record: ReadableLogRecord) {
    this.hrTime = [...record.hrTime]
    this.hrTimeObserved = [...record.hrTimeObserved]
    this.resource = record.resource
    this.instrumentationScope = record.instrumentationScope
    this.attributes = carriableCopy(record.attributes) as Attributes
    this.droppedAttributesCount = record.droppedAttributesCount
    this.body = carriableCopy(record.body)
    if (record.spanContext !== undefined) this.spanContext = { ...record.spanContext }
    if (record.severityText !== undefined) this.severityText = record.severityText
    if (record.severityNumber !== undefined) this.severityNumber = record.severityNumber
    if (record.eventName !== undefined) this.eventName = record.eventName
  }

  setAttribute(key: string, value?: AnyValue): this {
    this.attributes[key] = value
    return this
  }

  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes)
    return this
  }

  setBody(body: AnyValue): this {
    this.body = body
    return this
  }

  setEventName(eventName: string): this {
    this.eventName = eventName
    return this
  }

  setSeverityNumber(severityNumber: SeverityNumber): this {
    this.severityNumber = severityNumber
    return this
  }

  setSeverityText(severityText: string): this {
    this.severityText = severityText
    return this
  }
}

// Field by field: the SDK's record has accessors on its prototype, which a spread would leave behind.
function fieldsOf(record: ReadableLogRecord): ReadableLogRecord {
  return {
    hrTime: record.hrTime,
    hrTimeObserved: record.hrTimeObserved,
    ...(record.spanContext === undefined ? {} : { spanContext: record.spanContext }),
    ...(record.severityText === undefined ? {} : { severityText: record.severityText }),
    ...(record.severityNumber === undefined ? {} : { severityNumber: record.severityNumber }),
    ...(record.eventName === undefined ? {} : { eventName: record.eventName }),
    body: record.body,
    resource: record.resource,
    instrumentationScope: record.instrumentationScope,
    attributes: record.attributes,
    droppedAttributesCount: record.droppedAttributesCount,
  }
}

// Copies only the path to what is replaced.
function carriableValue(value: unknown): unknown {
  if (typeof value === 'bigint') return jsonInteger(value)
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) >= int64Limit ? String(value) : value
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) {
    const copy = value.map(carriableValue)
    return copy.every((item, at) => Object.is(item, value[at])) ? value : copy
  }
  return carriableMap(value as Readonly<Record<string, unknown>>)
}

function carriableCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return carriableValue(value)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(carriableCopy)
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) defineEntry(copy, key, carriableCopy(item))
  return copy
}

function carriableMap(map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(map)) {
    const carried = carriableValue(map[key])
    if (Object.is(carried, map[key])) continue
    copy ??= cloneMap(map)
    defineEntry(copy, key, carried)
  }
  return copy ?? map
}

function cloneMap(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(map)) defineEntry(copy, key, map[key])
  return copy
}

// By definition, not assignment: a key named __proto__ is data here.
function defineEntry(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true })
}
