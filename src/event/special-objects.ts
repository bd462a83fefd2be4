import { types } from 'node:util'
import type { FaithfulCopy, Fields } from './faithful-copy.ts'
import { errorType, opaqueMarker } from './markers.ts'

/**
 * Objects that are neither plain nor arrays. What they hold is read through the built-in methods, never through methods
 * that an object may have replaced.
 *
 * @throws anything that the object throws
 */
export function copySpecial(copy: FaithfulCopy, value: object, prototype: object, level: number): unknown {
  if (types.isDate(value)) return dateText(copy, value, level)
  if (types.isMap(value)) return mapMembers(copy, value, level)
  if (types.isSet(value)) return setItems(copy, value, level)
  if (types.isUint8Array(value)) return bytes(copy, new Uint8Array(value))
  if (types.isTypedArray(value)) return copy.list(value.length, (index) => value[index], level)
  if (types.isAnyArrayBuffer(value)) return bytes(copy, new Uint8Array(new Uint8Array(value)))
  if (types.isDataView(value)) {
    return bytes(copy, new Uint8Array(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)))
  }
  if (types.isBoxedPrimitive(value)) return copy.value(unboxed(value), level)
  if (types.isRegExp(value)) return copy.text(RegExp.prototype.toString.call(value), level)
  if (isError(value)) return errorFields(copy, value, level)
  return instance(copy, value, prototype, level)
}

function dateText(copy: FaithfulCopy, date: Date, level: number): string {
  const time = Date.prototype.getTime.call(date)
  return Number.isNaN(time) ? copy.alter('Invalid Date', level) : new Date(time).toISOString()
}

function mapMembers(copy: FaithfulCopy, map: ReadonlyMap<unknown, unknown>, level: number): Fields {
  const out: Fields = {}
  for (const [key, value] of Map.prototype.entries.call<typeof map, [], MapIterator<[unknown, unknown]>>(map)) {
    if (copy.spent()) break
    copy.member(out, typeof key === 'string' ? key : keyText(key), () => value, level)
  }
  return Object.freeze(out)
}

/** A Map's key as text: scalars by their text, dates as ISO, other objects by their class. */
function keyText(key: unknown): string {
  if (typeof key === 'symbol') return String(key)
  if (typeof key === 'function') return '[Function]'
  if (typeof key !== 'object' || key === null) return String(key)
  try {
    if (types.isDate(key)) return Date.prototype.toISOString.call(key)
    return opaqueMarker(Object.getPrototypeOf(key) as object)
  } catch {
    return '[Object]'
  }
}

function setItems(copy: FaithfulCopy, set: ReadonlySet<unknown>, level: number): readonly unknown[] {
  const items: Iterator<unknown> = Set.prototype.values.call(set)
  return copy.list(setSize(set), () => items.next().value, level)
}

function setSize(set: ReadonlySet<unknown>): number {
  return Reflect.get(Set.prototype, 'size', set)
}

function bytes(copy: FaithfulCopy, value: Uint8Array): Uint8Array {
  copy.units += Math.ceil((value.byteLength * 4) / 3)
  return value
}

function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value)
  return Symbol.prototype.valueOf.call(value)
}

/** Also errors of another realm, such as those of a test runner's `vm` context. */
function isError(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/**
 * `type` and `message`, the cause and an aggregate's errors, and the error's own scalar properties such as `code`.
 * Objects that hang on an error (requests, responses, sockets) are named by a marker: they would crowd out the details.
 */
function errorFields(copy: FaithfulCopy, error: Error, level: number): Fields {
  const own = error as Error & Fields
  const out: Fields = {}
  copy.member(out, 'type', () => errorType(error), level)
  copy.member(out, 'message', () => scalar(copy, error.message, level), level)
  for (const key of ['cause', 'errors']) {
    if (Object.hasOwn(error, key)) copy.member(out, key, () => own[key], level)
  }
  for (const key of Object.keys(error)) {
    if (copy.spent()) break
    if (key === 'message' || key === 'cause' || key === 'errors') continue
    copy.member(out, key, () => scalar(copy, own[key], level), level)
  }
  return Object.freeze(out)
}

function scalar(copy: FaithfulCopy, value: unknown, level: number): unknown {
  if (typeof value !== 'object' || value === null || types.isDate(value)) return value
  return copy.alter(Array.isArray(value) ? '[Array]' : opaqueMarker(Object.getPrototypeOf(value) as object), level + 1)
}

/**
 * An instance of a class. A value object that gives itself to JSON as a scalar (`URL`, `Temporal`, `ObjectId`,
 * `Decimal`) is that scalar; others are the map of their own enumerable properties; one that shows nothing of itself is a
 * marker. What comes from another realm (`vm`) has another `Object.prototype` and counts as plain.
 */
function instance(copy: FaithfulCopy, value: object, prototype: object, level: number): unknown {
  const json = jsonScalar(value)
  if (json !== undefined) return copy.value(json, level)
  const fields = copy.record(value, level)
  if (Object.keys(fields).length > 0 || Object.keys(value).length > 0) return fields
  return Object.getPrototypeOf(prototype) === null ? fields : copy.alter(opaqueMarker(prototype), level)
}

function jsonScalar(value: object): unknown {
  try {
    const { toJSON } = value as { toJSON?: unknown }
    const json: unknown = typeof toJSON === 'function' ? toJSON.call(value) : undefined
    return typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean' ? json : undefined
  } catch {
    return undefined
  }
}
