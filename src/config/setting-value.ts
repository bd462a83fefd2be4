import { AuditError } from '../errors.ts'
import type { Setting } from './setting.ts'
import { mayBeAddress, withoutSecrets } from '../telemetry/without-secrets.ts'

/** `where` names the option or the variable, for messages. */
type Check = (value: unknown, setting: Setting, where: string) => unknown

export function badConfig(message: string, cause?: unknown): AuditError {
  return new AuditError('bad_config', message, cause === undefined ? {} : { cause })
}

/** A value as a message shows it; secrets do not pass here, but an address may be where it does not belong. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(mayBeAddress(value) ? withoutSecrets(value) : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

/** The value of a setting as code gave it. @throws AuditError `bad_config` */
export function checkValue(value: unknown, setting: Setting, where: string): unknown {
  return checks[setting.type](value, setting, where)
}

/** The value of a setting as the text of a variable. @throws AuditError `bad_config` */
export function parseText(text: string, setting: Setting, variable: string): unknown {
  switch (setting.type) {
    case 'count':
    case 'millis':
    case 'bytes':
      return checkValue(wholeNumber(text, variable), setting, variable)
    case 'duration':
      return checkValue(/^\d+$/.test(text) ? Number(text) : text, setting, variable)
    case 'flag':
      return parseFlag(text, variable)
    case 'names':
      return checkValue(splitList(text), setting, variable)
    case 'headers':
      return parsePairs(text, variable)
    default:
      return checkValue(text, setting, variable)
  }
}

const text: Check = (value, _setting, where) => {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw badConfig(`${where} must be a non-empty string, not ${show(value)}`)
}

const number: Check = (value, setting, where) => {
  const unit = { millis: ' of milliseconds', bytes: ' of bytes' }[setting.type as string] ?? ''
  const least = setting.least ?? 1
  if (value === Infinity && setting.default === Infinity) return value
  if (Number.isSafeInteger(value) && (value as number) >= least) return value
  throw badConfig(`${where} must be a whole number${unit} of at least ${least}, not ${show(value)}`)
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const duration: Check = (value, _setting, where) => {
  if (value === Infinity || value === 'forever') return Infinity
  if (typeof value === 'number' && value >= 0) return value
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(value.trim()) : null
  if (match !== null) return Number(match[1]) * (units[match[2] ?? ''] ?? 1)
  throw badConfig(
    `${where} must be milliseconds, or a number with ms, s, m, h or d such as "7d", or "forever", not ${show(value)}`,
  )
}

const flag: Check = (value, _setting, where) => {
  if (typeof value === 'boolean') return value
  throw badConfig(`${where} must be true or false, not ${show(value)}`)
}

const choice: Check = (value, setting, where) => {
  const choices = setting.choices ?? []
  if (typeof value === 'string' && choices.includes(value)) return value
  const wanted = choices.map(show).join(' or ')
  if (setting.name === 'onQueueFull' && typeof value === 'string' && /drop|discard|oldest|newest|ignore/i.test(value)) {
    throw badConfig(
      `${where} ${show(value)} would lose records because it drops what does not fit (rule P1); use ${wanted}`,
    )
  }
  throw badConfig(`${where} must be ${wanted}, not ${show(value)}`)
}

const names: Check = (value, _setting, where) => {
  const list: unknown = typeof value === 'string' ? [value] : value
  if (Array.isArray(list) && list.every((name) => typeof name === 'string' && name !== '')) return list as unknown
  throw badConfig(`${where} must be a list of names, not ${show(value)}`)
}

const headers: Check = (value, _setting, where) => {
  if (typeof value === 'function') return value
  if (typeof value === 'object' && value !== null) {
    for (const [name, header] of Object.entries(value)) checkHeader(name, header, where)
    return { ...value }
  }
  throw badConfig(`${where} must be an object of strings or a function that returns one, not ${show(value)}`)
}

const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// Printable ASCII, tab, and the high half of Latin-1: what Node sends.
const headerText = /^[\t\x20-\x7e\x80-\xff]*$/

function checkHeader(name: string, value: unknown, where: string): void {
  if (!headerName.test(name)) throw badConfig(`${where}: ${show(name)} is not a header name`)
  // The value may be a secret: it is not shown.
  if (typeof value !== 'string' || !headerText.test(value)) {
    throw badConfig(`${where}: the value of header ${show(name)} must be a string without line breaks`)
  }
}

const checks: Readonly<Record<Setting['type'], Check>> = {
  text,
  file: text,
  count: number,
  millis: number,
  bytes: number,
  duration,
  flag,
  choice,
  names,
  headers,
  code: (value) => value,
}

function wholeNumber(value: string, variable: string): number {
  if (/^\d+$/.test(value)) return Number(value)
  throw badConfig(`${variable} must be a whole number, not ${show(value)}`)
}

function parseFlag(value: string, variable: string): boolean {
  switch (value.toLowerCase()) {
    case 'true':
    case '1':
    case 'on':
    case 'yes':
      return true
    case 'false':
    case '0':
    case 'off':
    case 'no':
    case 'none':
      return false
    default:
      throw badConfig(`${variable} must be true or false, not ${show(value)}`)
  }
}

function splitList(value: string): string[] {
  const parts = value.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '')
}

/** `key=value,key=value`, percent-encoded, as OpenTelemetry writes headers and resource attributes. */
export function parsePairs(value: string, variable: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const part of splitList(value)) {
    const at = part.indexOf('=')
    if (at < 1) throw badConfig(`${variable} must read key=value,key=value; a part has no "="`)
    try {
      const key = decodeURIComponent(part.slice(0, at).trim())
      pairs[key] = decodeURIComponent(part.slice(at + 1).trim())
    } catch (cause) {
      throw badConfig(`${variable}: a part is not valid percent-encoding`, cause)
    }
  }
  for (const [name, header] of Object.entries(pairs)) {
    if (variable.endsWith('_HEADERS')) checkHeader(name, header, variable)
  }
  return pairs
}
