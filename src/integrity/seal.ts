import { compositeText, scalarText, type ValueText } from './encode-value.ts'
import { maxCanonicalBytes, refuseOverlong } from './canonical-size.ts'
import { jsonString } from './json-string.ts'
import { KeyPaths } from './key-path.ts'
import { KeyedText } from './keyed-text.ts'
import type { RecordFields, SealedRecord, StreamPosition } from './sealed-record.ts'
import { sha256Hex } from './sha256.ts'
import { noForm } from './refusals.ts'
import { previousHashKey, sequenceNumberKey, streamIdKey, unsignedPrefix } from './signed-keys.ts'
import { sortKeys } from './sort-keys.ts'

const attributePaths = new KeyPaths()
const time = /^[1-9][0-9]{0,19}$/
const hex = /^[0-9a-f]+$/
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)
const emptyAttributes = '{"attributes":{'

/**
 * A record's wire text and its integrity hash (rules I1, I2, I7, I8), from one pass over its sorted keys.
 * @throws AuditError `corrupt` for what has no canonical form
 */
export function sealRecord(fields: RecordFields, position: StreamPosition | undefined): SealedRecord {
  const { wire, canonical } = encodeRecord(fields, position)
  return { wire, hash: sha256Hex(canonical) }
}

/**
 * A record's OTLP/JSON text and its RFC 8785 text, from one pass over its sorted keys. The position's attributes take
 * the place of any of the same name.
 * @throws AuditError `corrupt` for what has no canonical form
 */
export function encodeRecord(
  fields: RecordFields,
  position: StreamPosition | undefined,
): { wire: string; canonical: string } {
  const { body, eventName, observedTimeUnixNano, spanId, timeUnixNano, traceId } = fields
  if (!isTime(timeUnixNano) || !isTime(observedTimeUnixNano)) throw noForm('a time that is no decimal number')
  if (!isHexId(traceId, noTrace) || !isHexId(spanId, noSpan))
    throw noForm('a trace or span id that is not lower-case hex')
  const content = body === undefined || body === null ? undefined : bodyText(body)
  let start = '{'
  if (timeUnixNano !== '0') start = '{"timeUnixNano":"' + timeUnixNano + '",'
  if (observedTimeUnixNano !== '0') start = start + '"observedTimeUnixNano":"' + observedTimeUnixNano + '",'
  if (content !== undefined) start = start + '"body":' + content.wire + ','
  const text =
    attributesInOrder(fields.attributes, position, start) ?? attributesWithCare(fields.attributes, position, start)
  let { wire, canonical } = text
  if (content !== undefined) canonical = canonical + comma(canonical) + '"body":' + content.canonical
  if (traceId !== '') wire = wire + ',"traceId":"' + traceId + '"'
  if (spanId !== '') wire = wire + ',"spanId":"' + spanId + '"'
  if (eventName !== '') {
    const name = jsonString(eventName)
    wire = wire + ',"eventName":' + name
    canonical = canonical + comma(canonical) + '"event_name":' + name
  }
  if (observedTimeUnixNano !== '0') {
    canonical = canonical + comma(canonical) + '"observed_timestamp":"' + observedTimeUnixNano + '"'
  }
  if (spanId !== '') canonical = canonical + comma(canonical) + '"span_id":"' + spanId + '"'
  if (timeUnixNano !== '0') canonical = canonical + comma(canonical) + '"timestamp":"' + timeUnixNano + '"'
  if (traceId !== '') canonical = canonical + comma(canonical) + '"trace_id":"' + traceId + '"'
  canonical = canonical + '}'
  if (canonical.length > maxCanonicalBytes / 3) refuseOverlong(canonical)
  return { wire: wire + '}', canonical }
}

function isTime(text: string): boolean {
  return text === '0' || time.test(text)
}

function isHexId(text: string, zero: string): boolean {
  return text === '' || (text.length === zero.length && hex.test(text) && text !== zero)
}

/** The separator after what an object holds so far. */
function comma(object: string): string {
  return object.length === 1 ? '' : ','
}

function bodyText(body: unknown): ValueText {
  const scalar = scalarText(body)
  return scalar === undefined ? compositeText(body, 1) : { wire: scalar, canonical: scalar }
}

/** `undefined` when the keys need sorting, or stand where {@link attributesWithCare} must look. */
function attributesInOrder(
  attributes: Readonly<Record<string, unknown>>,
  position: StreamPosition | undefined,
  start: string,
): ValueText | undefined {
  const text = new KeyedText(attributePaths, start + '"attributes":[', emptyAttributes)
  let due = position
  for (const key in attributes) {
    if (!Object.prototype.hasOwnProperty.call(attributes, key)) continue
    const value = attributes[key]
    if (value === undefined) continue
    const node = text.next(key)
    if (node === undefined || node.place === 'special') return undefined
    if (due !== undefined && node.place === 'after') {
      if (text.canonical.length === emptyAttributes.length) return undefined
      text.addPosition(due)
      due = undefined
    }
    text.add(node, value, 1)
  }
  if (text.canonical.length === emptyAttributes.length) return undefined
  if (due !== undefined) text.addPosition(due)
  text.end(']', '}')
  return text
}

/** The same without haste: sorts, lets the position win over attributes of its names, signs no unsigned key. */
function attributesWithCare(
  attributes: Readonly<Record<string, unknown>>,
  position: StreamPosition | undefined,
  start: string,
): ValueText {
  const all: Record<string, unknown> = { ...attributes }
  if (position !== undefined) {
    all[sequenceNumberKey] = position.number
    all[previousHashKey] = position.previousHash === '' ? undefined : position.previousHash
    all[streamIdKey] = position.streamId
  }
  const keys = sortKeys(Object.keys(all).filter((key) => all[key] !== undefined))
  const signed = keys.filter((key) => !key.startsWith(unsignedPrefix))
  const wire = keys.length === 0 ? withoutComma(start) : sorted(all, keys, start + '"attributes":[').wire
  const canonical = signed.length === 0 ? '{' : sorted(all, signed, '').canonical
  return { wire, canonical }
}

function sorted(attributes: Readonly<Record<string, unknown>>, keys: readonly string[], start: string): ValueText {
  const text = new KeyedText(attributePaths, start, emptyAttributes)
  for (const key of keys) {
    const node = text.next(key)
    if (node !== undefined) text.add(node, attributes[key], 1)
  }
  text.end(']', '}')
  return text
}

function withoutComma(text: string): string {
  return text.endsWith(',') ? text.slice(0, -1) : text
}
