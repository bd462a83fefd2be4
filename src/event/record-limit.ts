import { hash } from 'node:crypto'
import { memberBytes, type FaithfulCopy, type Fields } from './faithful-copy.ts'
import { stableJson } from './stable-json.ts'

/** How far past the limit a value is still read, so that its size and hash cover all of it. */
export const workFactor = 8

/** The most that a UTF-16 unit takes in JSON text: an escaped control character. */
const bytesPerUnit = 6
/** What a digest takes as OTLP/JSON text, about. */
const digestBytes = 256

/** What an event says besides its fields, and how much was copied for it. */
export interface Content {
  readonly details: Readonly<Fields>
  readonly attributes: Readonly<Fields>
  /** Members and UTF-16 units of both. */
  readonly bytes: number
  readonly units: number
  /** UTF-16 units of the event's other fields. */
  readonly fieldUnits: number
  readonly detailsComplete: boolean
  readonly attributesComplete: boolean
}

/**
 * The content if it is within the limit; else with details, and if need be attributes, replaced by their digests.
 * Nothing is walked again unless the characters alone could make the difference, and what is no larger than a digest
 * stays.
 */
export function withinLimit(content: Content, maxRecordBytes: number): Content {
  const { details, attributes, detailsComplete, attributesComplete, fieldUnits } = content
  const complete = detailsComplete && attributesComplete
  if (complete && content.bytes + bytesPerUnit * (content.units + fieldUnits) <= maxRecordBytes) return content
  const room = maxRecordBytes - fieldUnits
  const detailBytes = otlpBytes(details)
  const attributeBytes = otlpBytes(attributes)
  if (complete && detailBytes + attributeBytes <= room) return content
  const keepDetails = detailsComplete && detailBytes <= digestBytes
  const keepAttributes = attributesComplete && (attributeBytes <= digestBytes || attributeBytes + digestBytes <= room)
  if (keepDetails && keepAttributes) return content
  const digest = digestOf(details, detailsComplete)
  if (keepAttributes) return { ...content, details: Object.freeze(digest) }
  const both = { ...digest, attributes: Object.freeze(digestOf(attributes, attributesComplete)) }
  return { ...content, details: Object.freeze(both), attributes: Object.freeze({}) }
}

/** Members and units of a copy, before it goes on to other values. */
export function takeExtent(copy: FaithfulCopy): { bytes: number; units: number; complete: boolean } {
  const extent = { bytes: copy.overhead, units: copy.units, complete: !copy.incomplete }
  copy.reset()
  return extent
}

/** About how many bytes a value takes as OTLP/JSON text; exactly, as far as its characters go. */
function otlpBytes(value: unknown): number {
  if (typeof value === 'string') return memberBytes + Buffer.byteLength(JSON.stringify(value))
  if (typeof value !== 'object' || value === null) return memberBytes
  if (value instanceof Uint8Array) return memberBytes + Math.ceil((value.byteLength * 4) / 3)
  let bytes = memberBytes
  if (Array.isArray(value)) for (const item of value) bytes += otlpBytes(item)
  else
    for (const [key, item] of Object.entries(value)) bytes += Buffer.byteLength(JSON.stringify(key)) + otlpBytes(item)
  return bytes
}

/**
 * What stands for a value that is too large: `bytes` and `sha256` of its redacted form as JSON text (sorted keys, no white
 * space); `complete: false` when the value was too large even to be read to its end, so that both cover its beginning.
 */
function digestOf(value: unknown, complete: boolean): Fields {
  const text = stableJson(value)
  const digest: Fields = { bytes: Buffer.byteLength(text), sha256: hash('sha256', text, 'hex') }
  if (!complete) digest['complete'] = false
  return digest
}
