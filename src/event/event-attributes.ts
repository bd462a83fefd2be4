import type { FaithfulCopy, Fields } from './faithful-copy.ts'
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
  if ((source === undefined || source === null) && claimed === undefined) return noAttributes
  const entries = source === undefined || source === null ? [] : readEntries(source, copy, verdicts)
  if (claimed !== undefined) entries.push([claimedTimestampKey, claimed])
  if (entries.length === 0) return noAttributes
  entries.sort((left, right) => (left[0] < right[0] ? -1 : 1))
  const out: Fields = {}
  for (const [key, value] of entries) out[key] = value
  return Object.freeze(out)
}

/** What stays of attributes that were too large: the claim, if there is one. */
export function claimOnly(claimed: string | undefined): Readonly<Fields> {
  return claimed === undefined ? noAttributes : Object.freeze({ [claimedTimestampKey]: claimed })
}

function readEntries(source: unknown, copy: FaithfulCopy, verdicts: KeyVerdicts): [string, unknown][] {
  const entries: [string, unknown][] = []
  for (const key of attributeKeys(source)) {
    const name = checkedKey(key)
    let value: unknown = redactedValue
    if (!verdicts.isSecret(name)) {
      copy.path[0] = name
      value = readValue(source as Fields, key, copy)
    }
    if (value === undefined || value === null) continue
    copy.units += name.length
    entries.push([name, passesSdk(value) ? value : stableJson(value)])
  }
  return entries
}

function attributeKeys(source: unknown): string[] {
  try {
    if (typeof source === 'object' && source !== null && !Array.isArray(source)) return Object.keys(source)
  } catch (cause) {
    throw invalidEvent('attributes', describeThrown(cause), 'an object of attributes', cause)
  }
  throw invalidEvent('attributes', source, 'an object of attributes, null or undefined')
}

function checkedKey(key: string): string {
  if (key === '') throw invalidEvent('attributes', '', 'non-empty attribute names')
  if (key === '__proto__') throw invalidEvent('attributes', key, 'another name: OpenTelemetry drops this one')
  if (key.startsWith('audit.')) {
    throw invalidEvent('attributes', key, "names outside 'audit.', which belongs to the audit record itself")
  }
  if (!key.isWellFormed()) throw invalidEvent('attributes', key.toWellFormed(), 'well-formed attribute names')
  return key
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
