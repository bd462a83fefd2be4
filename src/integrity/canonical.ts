import type { OtlpAnyValue, OtlpKeyValue, OtlpLogRecord } from '../otlp/otlp-log-record.ts'
import { anyValueText, attributesText } from './any-value-text.ts'
import { maxCanonicalBytes, refuseOverlong } from './canonical-size.ts'
import { jsonString } from './json-string.ts'
import { KeyPaths } from './key-path.ts'
import { noForm } from './refusals.ts'
import { idText, isObject, ofType, timeText } from './scalar-members.ts'
import { sha256Hex } from './sha256.ts'

export interface CanonicalOptions {
  /**
   * `any` (default): bodies of every type, type-tagged. `string-only`: the form of `signing` processors before October
   * 2026, bare string bodies and no others (rule I3).
   */
  readonly body?: 'any' | 'string-only'
}

const attributePaths = new KeyPaths()
const emptyAttributes = '{"attributes":{'

/**
 * The bytes that are hashed and signed: the RFC 8785 form of a log record's event name, body, times, trace context
 * and attributes, in UTF-8 (rules I1–I3). Severity, flags, and attributes under `audit.integrity.` are not in it.
 * @throws AuditError `corrupt` for what has no canonical form, `ambiguous` for what readers may take differently
 */
export function canonicalForm(record: OtlpLogRecord, options: CanonicalOptions = {}): Uint8Array {
  return new TextEncoder().encode(canonicalText(record, options.body ?? 'any'))
}

/** SHA-256 of the canonical form, 64 lower-case hex digits (rule I7). @throws AuditError as {@link canonicalForm} */
export function integrityHash(record: OtlpLogRecord): string {
  return sha256Hex(canonicalText(record, 'any'))
}

/** {@link canonicalForm} as a string. */
export function canonicalText(record: OtlpLogRecord, bodies: 'any' | 'string-only'): string {
  if (!isObject(record)) throw noForm('something that is no object in place of a log record')
  let text = attributesMember(record.attributes)
  const body = record.body === undefined ? 'null' : bodyText(record.body, bodies)
  if (body !== 'null') text = text + comma(text) + '"body":' + body
  const eventName = record.eventName === undefined ? '' : ofType(record.eventName, 'string', 'eventName')
  if (eventName !== '') text = text + comma(text) + '"event_name":' + jsonString(eventName)
  const observed = timeText(record.observedTimeUnixNano, 'observedTimeUnixNano')
  if (observed !== '0') text = text + comma(text) + '"observed_timestamp":"' + observed + '"'
  const spanId = idText(record.spanId, 16, 'spanId')
  if (spanId !== '') text = text + comma(text) + '"span_id":"' + spanId + '"'
  const timestamp = timeText(record.timeUnixNano, 'timeUnixNano')
  if (timestamp !== '0') text = text + comma(text) + '"timestamp":"' + timestamp + '"'
  const traceId = idText(record.traceId, 32, 'traceId')
  if (traceId !== '') text = text + comma(text) + '"trace_id":"' + traceId + '"'
  text = text + '}'
  if (text.length > maxCanonicalBytes / 3) refuseOverlong(text)
  return text
}

function attributesMember(attributes: readonly OtlpKeyValue[] | undefined): string {
  if (attributes === undefined) return '{'
  if (!Array.isArray(attributes)) throw noForm('attributes that are no array')
  const text = attributesText(attributes, attributePaths, emptyAttributes)
  return text.length === emptyAttributes.length ? '{' : text + '}'
}

function bodyText(body: OtlpAnyValue, bodies: 'any' | 'string-only'): string {
  const text = anyValueText(body, 1)
  if (bodies === 'any') return text
  return body.stringValue === undefined ? 'null' : jsonString(body.stringValue)
}

/** The separator after what an object holds so far. */
function comma(object: string): string {
  return object.length === 1 ? '' : ','
}
