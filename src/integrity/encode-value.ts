import { base64 } from './base64.ts'
import { jsonString } from './json-string.ts'
import { KeyPaths } from './key-path.ts'
import { KeyedText } from './keyed-text.ts'
import { checkDepth, noForm } from './refusals.ts'
import { sortKeys } from './sort-keys.ts'

/** A value's text on the wire (OTLP/JSON `AnyValue`) and in the canonical form (rule I2). */
export interface ValueText {
  readonly wire: string
  readonly canonical: string
}

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const mapPaths = new KeyPaths()
const nullText: ValueText = { wire: '{}', canonical: 'null' }

/**
 * The text of a scalar, the same on the wire and in the canonical form; `undefined` for null, arrays and maps, whose
 * two texts differ.
 * @throws AuditError `corrupt` for what has no canonical form
 */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return '{"stringValue":' + jsonString(value) + '}'
    case 'number':
      return numberText(value)
    case 'boolean':
      return value ? '{"boolValue":true}' : '{"boolValue":false}'
    case 'bigint':
      if (value < minInt64 || value > maxInt64) throw noForm('an integer beyond 64 bits')
      return `{"intValue":"${value}"}`
    case 'object':
      return isBytes(value) ? `{"bytesValue":"${base64(value)}"}` : undefined
    default:
      throw noForm(`a value of type ${typeof value}`)
  }
}

/** Both texts of null, an array or a map: whatever {@link scalarText} gave no text for. */
export function compositeText(value: unknown, depth: number): ValueText {
  if (value === null) return nullText
  checkDepth(depth)
  if (Array.isArray(value)) return arrayText(value, depth)
  if (!isPlainObject(value)) throw noForm('an object that is neither array, bytes nor plain object')
  return mapText(value, undefined, depth) ?? mapText(value, sortKeys(Object.keys(value)), depth) ?? nullText
}

function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return '{"intValue":"' + value + '"}'
  if (!Number.isFinite(value)) throw noForm(`the number ${value}`)
  return '{"doubleValue":' + value + '}'
}

function arrayText(values: readonly unknown[], depth: number): ValueText {
  let wire = '{"arrayValue":{"values":['
  let canonical = '['
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? null
    const scalar = scalarText(value)
    const comma = index === 0 ? '' : ','
    if (scalar !== undefined) {
      wire += comma + scalar
      canonical += comma + scalar
    } else {
      const text = compositeText(value, depth + 1)
      wire += comma + text.wire
      canonical += comma + text.canonical
    }
  }
  return { wire: wire + ']}}', canonical: canonical + ']' }
}

/** With `sorted` undefined the map's own order is tried; the answer is `undefined` when that is not sorted. */
function mapText(
  map: Readonly<Record<string, unknown>>,
  sorted: readonly string[] | undefined,
  depth: number,
): ValueText | undefined {
  const text = new KeyedText(mapPaths, '{"kvlistValue":{"values":[', '{')
  if (sorted === undefined) {
    for (const key in map) {
      if (!Object.prototype.hasOwnProperty.call(map, key)) continue
      const value = map[key]
      if (value === undefined) continue
      const node = text.next(key)
      if (node === undefined) return undefined
      text.add(node, value, depth + 1)
    }
  } else {
    for (const key of sorted) {
      const value = map[key]
      if (value === undefined) continue
      const node = text.next(key)
      if (node === undefined) return undefined
      text.add(node, value, depth + 1)
    }
  }
  text.end(']}}', '}')
  return text
}

function isBytes(value: object | null): value is Uint8Array {
  return value instanceof Uint8Array
}

/** Also objects of another realm (a test runner's), whose `Object.prototype` is not ours. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}
