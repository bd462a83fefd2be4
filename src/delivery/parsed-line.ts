import { AuditError } from '../errors.ts'
import { requestClosing, requestOpening } from '../journal/line.ts'
import type { OtlpLogRecord, OtlpLogs, OtlpResourceLogs, OtlpScopeLogs } from '../otlp/otlp-log-record.ts'

interface Place {
  readonly record: OtlpLogRecord
  readonly resource: OtlpResourceLogs
  readonly scope: OtlpScopeLogs
}

/** A line taken apart into its records. The journal's own texts come through parse and stringify as they were. */
export class ParsedLine {
  /** Number of the line's first record. */
  readonly first: number
  readonly #places: readonly Place[]
  readonly #headHash: string

  /** @throws AuditError `corrupt` when the text does not hold the records its header names. */
  constructor(
    elements: Uint8Array,
    line: { readonly first: number; readonly last: number; readonly headHash: string },
  ) {
    this.first = line.first
    this.#headHash = line.headHash
    this.#places = placesOf(elements, line.first)
    if (this.#places.length !== line.last - line.first + 1) {
      const found = `${this.#places.length} records in a line that names ${line.first} to ${line.last}`
      throw new AuditError('corrupt', `Delivery found ${found}; run "otel-audit verify" on the journal`)
    }
  }

  /** The integrity hash of a record: its successor's previous hash (rule I8), or the line's head. */
  hashOf(index: number): string | undefined {
    const next = this.#places[index + 1]
    return next === undefined ? this.#headHash : textAttribute(next.record, 'audit.sequence.previous_hash')
  }

  recordIdOf(index: number): string {
    const place = this.#places[index]
    return (place && textAttribute(place.record, 'audit.record.id')) ?? ''
  }

  /** Elements of a `resourceLogs` array that hold the records `from` (inclusive) to `to` (exclusive). */
  elements(from: number, to: number): string {
    const texts: string[] = []
    let records: OtlpLogRecord[] = []
    for (let index = from; index < to; index++) {
      const place = this.#places[index]
      if (place === undefined) break
      records.push(place.record)
      const next = index + 1 < to ? this.#places[index + 1] : undefined
      if (next?.scope === place.scope) continue
      const scopeLogs = [{ ...place.scope, logRecords: records }]
      texts.push(JSON.stringify({ ...place.resource, scopeLogs }))
      records = []
    }
    return texts.join(',')
  }
}

function placesOf(elements: Uint8Array, first: number): Place[] {
  let logs: OtlpLogs
  try {
    logs = JSON.parse(`{${requestOpening}${new TextDecoder().decode(elements)}${requestClosing}`) as OtlpLogs
  } catch (cause) {
    const message = `Delivery cannot read the line of record ${first}; run "otel-audit verify" on the journal`
    throw new AuditError('corrupt', message, { cause })
  }
  const places: Place[] = []
  for (const resource of logs.resourceLogs) {
    for (const scope of resource.scopeLogs ?? []) {
      for (const record of scope.logRecords ?? []) places.push({ record, resource, scope })
    }
  }
  return places
}

function textAttribute(record: OtlpLogRecord, key: string): string | undefined {
  return record.attributes?.find((attribute) => attribute.key === key)?.value?.stringValue
}
