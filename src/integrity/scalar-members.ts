import { noForm, twoWays } from './refusals.ts'

const integer = /^(?:0|-?[1-9][0-9]{0,18})$/
const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n
const time = /^(?:0|[1-9][0-9]{0,19})$/
const maxUint64 = 2n ** 64n - 1n
const hex = /^[0-9a-f]*$/
const strictBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/
const looseBase64 = /^[A-Za-z0-9+/_-]*={0,2}$/

interface Types {
  string: string
  boolean: boolean
}

/** @throws AuditError `ambiguous` for null, which some readers take for absent; `corrupt` for another type */
export function ofType<T extends keyof Types>(value: unknown, type: T, name: string): Types[T] {
  if (typeof value === type) return value as Types[T]
  if (value === null) throw twoWays(`${name}: null`)
  throw noForm(`${name} of type ${typeof value}`)
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An int64 as OTLP/JSON spells it, a decimal string, or a number that is exact. @throws AuditError */
export function integerText(value: unknown): string {
  const text = decimal(value, 'intValue')
  if (!integer.test(text)) throw noForm(`the intValue ${JSON.stringify(text)}`)
  if (text.length > 18 && outside(text, minInt64, maxInt64)) throw noForm('an intValue beyond 64 bits')
  return text
}

/** Nanoseconds since the epoch, in the same spellings; `'0'` for unset. @throws AuditError */
export function timeText(value: unknown, name: string): string {
  if (value === undefined) return '0'
  const text = decimal(value, name)
  if (!time.test(text)) throw noForm(`the ${name} ${JSON.stringify(text)}`)
  if (text.length > 19 && outside(text, 0n, maxUint64)) throw noForm(`a ${name} beyond 64 bits`)
  return text
}

function decimal(value: unknown, name: string): string {
  if (typeof value !== 'number') return ofType(value, 'string', name)
  if (!Number.isInteger(value)) throw noForm(`the ${name} ${value}`)
  if (!Number.isSafeInteger(value)) throw twoWays(`an unquoted ${name} beyond 2^53`)
  return String(value)
}

function outside(text: string, least: bigint, most: bigint): boolean {
  const value = BigInt(text)
  return value < least || value > most
}

/** @throws AuditError `corrupt` for NaN and infinities (rule I2), `ambiguous` for other quoted numbers */
export function doubleText(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (value === null) throw twoWays('doubleValue: null')
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    throw twoWays(`the quoted doubleValue ${JSON.stringify(value)}`)
  }
  throw noForm(
    typeof value === 'string' ? `the doubleValue ${JSON.stringify(value)}` : 'a doubleValue that is no number',
  )
}

/** Standard base64 with padding, the one spelling that the canonical form takes. */
export function isBase64(value: string): boolean {
  return value.length % 4 === 0 && strictBase64.test(value)
}

/** @throws AuditError `ambiguous` for base64 of another kind than the standard's padded one */
export function base64Text(value: string): string {
  if (isBase64(value)) return value
  const shown = JSON.stringify(value.slice(0, 40))
  throw looseBase64.test(value)
    ? twoWays(`the bytesValue ${shown}, not standard base64,`)
    : noForm(`the bytesValue ${shown}`)
}

/** A trace or span id in lower case; `''` for unset and for all zeros (rule I1). @throws AuditError `corrupt` */
export function idText(value: unknown, length: number, name: string): string {
  if (value === undefined || value === '') return ''
  const text = ofType(value, 'string', name).toLowerCase()
  if (text.length !== length || !hex.test(text)) throw noForm(`a ${name} that is not ${length} hex digits`)
  return text === '0'.repeat(length) ? '' : text
}
