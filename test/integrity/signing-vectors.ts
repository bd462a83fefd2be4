import { readdirSync, readFileSync } from 'node:fs'
import type { OtlpAnyValue, OtlpLogRecord, OtlpLogs } from '../../src/otlp/otlp-log-record.ts'
import type { RecordFields } from '../../src/integrity/sealed-record.ts'

/** One golden vector: an OTLP/JSON request with one record, and what an independent program made of it. */
export interface SigningVector {
  readonly name: string
  readonly input: string
  readonly canonical: string
  readonly canonical_base64: string
  readonly canonical_sha256: string
  readonly canonical_body_string_only_form: string
}

const folder = new URL('../vectors/signing/', import.meta.url)

export const signingVectors: readonly SigningVector[] = readdirSync(new URL('vectors/', folder)).map((file) => ({
  ...(JSON.parse(readFileSync(new URL(`vectors/${file}`, folder), 'utf8')) as SigningVector),
  input: readFileSync(new URL(`input/${file}`, folder), 'utf8'),
}))

export function onlyRecord(logs: OtlpLogs): OtlpLogRecord {
  return logs.resourceLogs[0]!.scopeLogs![0]!.logRecords![0]!
}

/** The plain data that a producer would have given for the record. */
export function fieldsOf(record: OtlpLogRecord): RecordFields {
  return {
    timeUnixNano: String(record.timeUnixNano ?? '0'),
    observedTimeUnixNano: String(record.observedTimeUnixNano ?? '0'),
    eventName: record.eventName ?? '',
    traceId: record.traceId ?? '',
    spanId: record.spanId ?? '',
    body: record.body && plainValue(record.body),
    attributes: Object.fromEntries((record.attributes ?? []).map(({ key, value }) => [key, plainValue(value ?? {})])),
  }
}

function plainValue(value: OtlpAnyValue): unknown {
  if (value.stringValue !== undefined) return value.stringValue
  if (value.intValue !== undefined) return BigInt(value.intValue)
  if (value.boolValue !== undefined) return value.boolValue
  if (value.doubleValue !== undefined) return Number(value.doubleValue)
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue, 'base64'))
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plainValue)
  if (value.kvlistValue) {
    return Object.fromEntries(
      (value.kvlistValue.values ?? []).map((entry) => [entry.key, plainValue(entry.value ?? {})]),
    )
  }
  return null
}
