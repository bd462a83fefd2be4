import { types } from 'node:util'
import type { FaithfulCopy, Fields } from './faithful-copy.ts'
import { invalidEvent } from './invalid-event.ts'

export interface EventDetails {
  readonly details: Readonly<Fields>
  readonly altered: readonly string[]
  readonly redacted: readonly string[]
}

const noPointers: readonly string[] = Object.freeze([])

/** The details of an event that has none. */
export const noDetails: EventDetails = Object.freeze({
  details: Object.freeze({}),
  altered: noPointers,
  redacted: noPointers,
})

/**
 * The details as a map, because the Body is one: a list (array, Set, typed array) becomes `{ items: […] }`, any other object
 * that is no map in itself (a Date, bytes, a URL, one that can't be read) `{ value: … }`.
 *
 * @throws AuditError `invalid_event` for what is no object
 */
export function eventDetails(source: unknown, copy: FaithfulCopy): EventDetails {
  if (source === undefined || source === null) return noDetails
  if (typeof source !== 'object') throw invalidEvent('details', source, 'an object, null or undefined')
  const list = isList(source)
  if (list) copy.path[0] = 'items'
  const value = copy.value(source, list ? 1 : 0)
  const altered = copy.altered.take()
  const redacted = copy.redacted.take()
  if (list) return { details: Object.freeze({ items: value }), altered, redacted }
  if (isMap(value)) return { details: value, altered, redacted }
  return { details: Object.freeze({ value }), altered: altered.map((pointer) => pointer || '/value'), redacted }
}

function isList(source: object): boolean {
  try {
    return Array.isArray(source) || types.isSet(source) || (types.isTypedArray(source) && !types.isUint8Array(source))
  } catch {
    return false
  }
}

function isMap(value: unknown): value is Readonly<Fields> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
