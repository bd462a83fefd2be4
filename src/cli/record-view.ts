import type { OtlpAnyValue, OtlpKeyValue, OtlpLogRecord, OtlpLogs } from '../otlp/otlp-log-record.ts'

/** A record as people and `jq` read it: plain values under the names of the wire. */
export interface RecordView {
  readonly time: string
  readonly observedTime: string
  readonly eventName: string
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** All records of one line, in order. A line that is no OTLP/JSON gives `undefined`. */
export function viewLine(bytes: Uint8Array): RecordView[] | undefined {
  try {
    return viewRequest(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')))
  } catch {
    return undefined
  }
}

/** All records of one parsed OTLP/JSON logs request, in order. Throws for anything else. */
export function viewRequest(request: unknown): RecordView[] {
  const scopes = (request as OtlpLogs).resourceLogs.flatMap((resource) => resource.scopeLogs ?? [])
  return scopes.flatMap((scope) => scope.logRecords ?? []).map(viewRecord)
}

export function viewRecord(record: OtlpLogRecord): RecordView {
  return {
    time: isoTime(record.timeUnixNano),
    observedTime: isoTime(record.observedTimeUnixNano),
    eventName: record.eventName ?? '',
    ...(record.traceId ? { traceId: record.traceId } : {}),
    ...(record.spanId ? { spanId: record.spanId } : {}),
    attributes: plainMap(record.attributes),
    ...(record.body && Object.keys(record.body).length > 0 ? { body: plainValue(record.body) } : {}),
  }
}

/** The attribute as text, or `undefined` when it is not there. */
export function attributeText(view: RecordView, key: string): string | undefined {
  const value = Object.hasOwn(view.attributes, key) ? view.attributes[key] : undefined
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : JSON.stringify(value)
}

function isoTime(nanos: string | number | undefined): string {
  const millis = Number(BigInt(nanos ?? 0) / 1_000_000n)
  return Number.isNaN(new Date(millis).getTime()) ? String(nanos) : new Date(millis).toISOString()
}

function plainMap(pairs: readonly OtlpKeyValue[] | undefined): Record<string, unknown> {
  // A map without a prototype keeps a key named `__proto__` as a key.
  const map = Object.create(null) as Record<string, unknown>
  for (const { key, value } of pairs ?? []) map[key] = plainValue(value)
  return map
}

function plainValue(value: OtlpAnyValue | undefined): unknown {
  if (value === undefined) return null
  if (value.intValue !== undefined) {
    const number = Number(value.intValue)
    return Number.isSafeInteger(number) ? number : String(value.intValue)
  }
  if (value.kvlistValue !== undefined) return plainMap(value.kvlistValue.values)
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue)
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null
}
