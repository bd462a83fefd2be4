import { types } from 'node:util'

/** The value itself when nothing in it can be changed in place, else a copy with bytes of its own, frozen. */
export function ownValue<T>(value: T): T {
  return isFixed(value) ? value : (copyOf(value) as T)
}

function isFixed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  // Bytes never are.
  if (!Object.isFrozen(value)) return false
  for (const key in value) if (!isFixed((value as Record<string, unknown>)[key])) return false
  return true
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (types.isUint8Array(value)) return new Uint8Array(value)
  if (Array.isArray(value)) return Object.freeze(value.map(copyOf))
  // Not by assignment: a key named __proto__ is data here.
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])))
}
