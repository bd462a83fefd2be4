import type { Attributes, Context, SpanContext } from '@opentelemetry/api'
import type { LogRecordProcessor, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import type { ReportProblem } from '../errors.ts'
import { emitTo } from './emit-to.ts'
import { describe } from '../telemetry/describe-cause.ts'

/** What only the pipeline itself may say. */
const reserved = /^audit\.(?:sequence|integrity|details|pipeline|schema)\./

/**
 * Runs one enricher over a record (rule P6): it may add attributes. Whatever else it changes is put back and reported,
 * and an enricher that throws is passed over.
 */
export function enrich(
  enricher: LogRecordProcessor,
  record: ReadWriteLogRecord,
  context: Context,
  report: ReportProblem,
): void {
  const before = snapshot(record)
  try {
    emitTo(enricher, record, context, (cause) => complain(report, record, `failed: ${describe(cause)}`))
  } catch (cause) {
    complain(report, record, `failed: ${describe(cause)}; the record goes on without it`)
  }
  const undone = [...restoreFields(record, before), ...restoreAttributes(record, before)]
  if (undone.length > 0) {
    complain(report, record, `may only add attributes; undone: ${undone.join(', ')}`)
  }
}

interface Snapshot {
  readonly attributes: Attributes
  readonly values: Readonly<Attributes>
  readonly fields: Pick<ReadWriteLogRecord, Field>
}

type Field = (typeof fields)[number]
const fields = [
  'body',
  'eventName',
  'hrTime',
  'hrTimeObserved',
  'spanContext',
  'severityNumber',
  'severityText',
] as const

function snapshot(record: ReadWriteLogRecord): Snapshot {
  const kept: Partial<Record<Field, unknown>> = {}
  for (const field of fields) kept[field] = record[field]
  // These could be changed in place.
  if (record.spanContext !== undefined) kept.spanContext = { ...record.spanContext }
  kept.hrTime = [...record.hrTime]
  kept.hrTimeObserved = [...record.hrTimeObserved]
  return { attributes: record.attributes, values: { ...record.attributes }, fields: kept as Snapshot['fields'] }
}

function restoreFields(record: ReadWriteLogRecord, before: Snapshot): string[] {
  const undone: string[] = []
  for (const field of fields) {
    if (same(record[field], before.fields[field])) continue
    undone.push(field)
    Object.assign(record, { [field]: before.fields[field] })
  }
  return undone
}

function same(now: unknown, then: unknown): boolean {
  if (Object.is(now, then)) return true
  if (isSpanContext(now) && isSpanContext(then)) {
    return now.traceId === then.traceId && now.spanId === then.spanId && now.traceFlags === then.traceFlags
  }
  return (
    Array.isArray(now) && Array.isArray(then) && now.length === then.length && now.every((item, i) => item === then[i])
  )
}

function isSpanContext(value: unknown): value is SpanContext {
  return typeof value === 'object' && value !== null && 'traceFlags' in value
}

function restoreAttributes(record: ReadWriteLogRecord, before: Snapshot): string[] {
  const undone: string[] = []
  const found = record.attributes
  if (found !== before.attributes) Object.assign(record, { attributes: before.attributes })
  const { attributes } = before
  for (const key of Object.keys(before.values)) {
    if (Object.is(found[key], before.values[key]) && Object.is(attributes[key], before.values[key])) continue
    undone.push(key)
    attributes[key] = before.values[key]
  }
  for (const key of Object.keys(found)) {
    if (Object.hasOwn(before.values, key)) continue
    const value = found[key]
    Reflect.deleteProperty(attributes, key)
    if (reserved.test(key)) undone.push(key)
    // Again through the SDK's own check, which a plain assignment goes around.
    else record.setAttribute(key, value)
  }
  return undone
}

function complain(report: ReportProblem, record: ReadWriteLogRecord, what: string): void {
  const id = record.attributes['audit.record.id']
  report({
    code: 'provider_failed',
    message: `An audit enricher ${what}`,
    ...(typeof id === 'string' ? { recordId: id } : {}),
  })
}
