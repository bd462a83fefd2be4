import { memberBytes, type FaithfulCopy, type Fields } from './faithful-copy.ts'
import { claimedTimestampKey } from './event-time.ts'
import { invalidEvent } from './invalid-event.ts'
import { describeThrown, threwMarker } from './markers.ts'
import { redactedValue, type KeyVerdicts } from './redaction.ts'
import { stableJson } from './stable-json.ts'

/** The attributes of an event that has none of its own. */
export const noAttributes: Readonly<Fields> = Object.freeze({})

/**
 * The caller's attributes, faithful and redacted as details are, in sorted key order. What OpenTelemetry's SDK would drop
 * (a bigint, a map with a key `constructor` or `__proto__`, at any depth) becomes its JSON text. Null and undefined are
 * left out.
 *
 * @throws AuditError `invalid_event` for keys that are empty, `__proto__`, or under `audit.`
 */
export function eventAttributes(
  source: unknown,
  copy: FaithfulCopy,
  verdicts: KeyVerdicts,
  claimed: string | undefined,
): Readonly<Fields> {
  if (source === undefined || source === null) return claimOnly(claimed)
  const keys = attributeKeys(source)
  for (const key of keys) checkKey(key)
  if (claimed !== undefined) keys.push(claimedTimestampKey)
  if (keys.length > 1) keys.sort()
  const out: Fields = {}
  for (const key of keys) {
    const value = key === claimedTimestampKey ? claimed : attributeValue(source as Fields, key, copy, verdicts)
    if (value !== undefined && value !== null) out[key] = value
  }
  return Object.freeze(out)
}

/** What stays of attributes that were too large: the claim, if there is one. */
export function claimOnly(claimed: string | undefined): Readonly<Fields> {
  return claimed === undefined ? noAttributes : Object.freeze({ [claimedTimestampKey]: claimed })
}

function attributeValue(source: Fields, key: string, copy: FaithfulCopy, verdicts: KeyVerdicts): unknown {
  copy.overhead += memberBytes
  copy.units += key.length
  if (verdicts.of(key) === 'redact') return redactedValue
  copy.path[0] = key
  const value = readValue(source, key, copy)
  return passesSdk(value) ? value : stableJson(value)
}

function attributeKeys(source: unknown): string[] {
  try {
    if (typeof source === 'object' && source !== null && !Array.isArray(source)) return Object.keys(source)
  } catch (cause) {
    throw invalidEvent('attributes', describeThrown(cause), 'an object of attributes', cause)
  }
  throw invalidEvent('attributes', source, 'an object of attributes, null or undefined')
}

function checkKey(key: string): void {
  if (key === '') throw invalidEvent('attributes', '', 'non-empty attribute names')
  if (key === '__proto__') throw invalidEvent('attributes', key, 'another name: OpenTelemetry drops this one')
  if (key.startsWith('audit.')) {
    throw invalidEvent('attributes', key, "names outside 'audit.', which belongs to the audit record itself")
  }
  if (!key.isWellFormed()) throw invalidEvent('attributes', key.toWellFormed(), 'well-formed attribute names')
}

function readValue(source: Fields, key: string, copy: FaithfulCopy): unknown {
  let value: unknown
  try {
    value = source[key]
  } catch (error) {
    return threwMarker(error)
  }
  return copy.value(value, 1)
}

function passesSdk(value: unknown): boolean {
  if (typeof value === 'bigint') return false
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true
  if (Array.isArray(value)) return value.every(passesSdk)
  if (Object.hasOwn(value, 'constructor') || Object.hasOwn(value, '__proto__')) return false
  return Object.values(value).every(passesSdk)
}
