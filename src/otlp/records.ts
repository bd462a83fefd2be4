import type { OtlpKeyValue, OtlpLogRecord, OtlpLogs, OtlpResourceLogs, OtlpScopeLogs } from './otlp-log-record.ts'

/** One record of a request, with what it shares with its neighbours. */
export interface PlacedRecord {
  readonly record: OtlpLogRecord
  readonly resource: OtlpResourceLogs['resource']
  readonly scope: OtlpScopeLogs['scope']
}

/** All records of a request, in order. */
export function* recordsOf(logs: OtlpLogs): Generator<PlacedRecord, void, undefined> {
  for (const { resource, scopeLogs = [] } of logs.resourceLogs) {
    for (const { scope, logRecords = [] } of scopeLogs) {
      for (const record of logRecords) yield { record, resource, scope }
    }
  }
}

/** A string attribute; `undefined` when there is none of the key, or of another type. */
export function stringAttribute(record: OtlpLogRecord, key: string): string | undefined {
  const value: unknown = record.attributes?.find((entry) => entry.key === key)?.value?.stringValue
  return typeof value === 'string' ? value : undefined
}

/** An integer attribute that is exact as a number; `undefined` when there is none of the key, or of another type. */
export function integerAttribute(record: OtlpLogRecord, key: string): number | undefined {
  return exactInteger(record.attributes?.find((entry) => entry.key === key)?.value?.intValue)
}

/** What names an audit record and its place in its stream (rules R3, I8, I9). */
export interface AuditIdentity {
  readonly recordId: string | undefined
  readonly streamId: string | undefined
  readonly number: number | undefined
  /** `''` when there is none: the first record of a stream. */
  readonly previousHash: string
  /** Nothing may follow in the stream. */
  readonly end: boolean
}

/** Reads a record's identity in one pass; what is not of the right type counts as absent. */
export function auditIdentity(record: OtlpLogRecord): AuditIdentity {
  let recordId: unknown
  let streamId: unknown
  let number: unknown
  let previousHash: unknown
  let end = false
  for (const entry of entriesOf(record)) {
    const key = entry?.key
    if (typeof key !== 'string' || !key.startsWith('audit.')) continue
    const value = entry?.value
    if (key === 'audit.record.id') recordId = value?.stringValue
    else if (key === 'audit.sequence.stream_id') streamId = value?.stringValue
    else if (key === 'audit.sequence.number') number = value?.intValue
    else if (key === 'audit.sequence.previous_hash') previousHash = value?.stringValue
    else if (key === 'audit.sequence.end') end = value?.boolValue === true
  }
  return {
    recordId: typeof recordId === 'string' ? recordId : undefined,
    streamId: typeof streamId === 'string' ? streamId : undefined,
    number: exactInteger(number),
    previousHash: typeof previousHash === 'string' ? previousHash : '',
    end,
  }
}

/** Also of a record that is none, as a damaged file may hold. */
function entriesOf(record: Partial<OtlpLogRecord> | null): readonly (Partial<OtlpKeyValue> | null)[] {
  const entries: unknown = record?.attributes
  return Array.isArray(entries) ? (entries as readonly (Partial<OtlpKeyValue> | null)[]) : []
}

function exactInteger(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== 'string' || !/^-?[0-9]{1,16}$/.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}
