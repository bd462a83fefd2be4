import { ExpectedKeys, type ExpectedKey } from './expected-keys.ts'
import type { JsonScanner } from './json-scanner.ts'
import type { OtlpAnyValue, OtlpKeyValue } from './otlp-log-record.ts'
import { ambiguous, corrupt } from './refusals.ts'

const stringStart = '{"stringValue":'
const quote = 0x22
const closeBrace = 0x7d

/** An `AnyValue`: an object with one member that is its kind, or none. @throws AuditError `corrupt`, `ambiguous` */
export function parseAnyValue(scanner: JsonScanner): OtlpAnyValue {
  const { text, pos } = scanner
  if (text.startsWith(stringStart, pos) && text.charCodeAt(pos + stringStart.length) === quote) {
    scanner.pos = pos + stringStart.length
    const stringValue = scanner.string()
    if (text.charCodeAt(scanner.pos) === closeBrace) {
      scanner.pos++
      return { stringValue }
    }
    scanner.pos = pos
  }
  return parseOfAnyKind(scanner)
}

function parseOfAnyKind(scanner: JsonScanner): OtlpAnyValue {
  scanner.openObject('a value')
  const kind = scanner.member(true)
  if (kind === undefined) return {}
  const value = parseKind(scanner, kind)
  const other = scanner.member(false)
  if (other === kind) throw scanner.twice(kind)
  if (other !== undefined) throw ambiguous(`a value that is both ${kind} and ${other}`, scanner.pos)
  return value
}

function parseKind(scanner: JsonScanner, kind: string): OtlpAnyValue {
  switch (kind) {
    case 'stringValue':
      return { stringValue: scanner.stringValue(kind) }
    case 'intValue':
      return { intValue: parseInteger(scanner, kind) }
    case 'boolValue':
      return { boolValue: scanner.boolean(kind) }
    case 'doubleValue':
      return { doubleValue: parseDouble(scanner) }
    case 'bytesValue':
      return { bytesValue: scanner.stringValue(kind) }
    case 'arrayValue':
      return { arrayValue: parseList(scanner, kind, parseArray) }
    case 'kvlistValue':
      return { kvlistValue: parseList(scanner, kind, parseMap) }
    default:
      throw ambiguous(`a value of the unknown kind ${JSON.stringify(kind)}`, scanner.pos)
  }
}

/** Quoted, or a number that every reader takes for the same integer. */
export function parseInteger(scanner: JsonScanner, what: string): string | number {
  if (scanner.peek() === quote) return scanner.string()
  const token = scanner.number(what)
  if (!/^-?[0-9]+$/.test(token)) throw ambiguous(`the number ${token} as ${what}`, scanner.pos)
  const value = Number(token)
  if (!Number.isSafeInteger(value)) throw ambiguous(`the unquoted number ${token} beyond 2^53 as ${what}`, scanner.pos)
  return value
}

function parseDouble(scanner: JsonScanner): number | string {
  if (scanner.peek() === quote) return scanner.string()
  const token = scanner.number('doubleValue')
  const value = Number(token)
  if (!Number.isFinite(value)) throw ambiguous(`the number ${token} beyond range`, scanner.pos)
  return value
}

function parseList<T>(scanner: JsonScanner, kind: string, parse: (scanner: JsonScanner) => T[]): { values?: T[] } {
  const list: { values?: T[] } = {}
  scanner.openObject(kind)
  for (let name = scanner.member(true); name !== undefined; name = scanner.member(false)) {
    if (name !== 'values') throw ambiguous(`${kind} with the unknown member ${JSON.stringify(name)}`, scanner.pos)
    if (list.values !== undefined) throw scanner.twice(name)
    list.values = parse(scanner)
  }
  return list
}

function parseArray(scanner: JsonScanner): OtlpAnyValue[] {
  const values: OtlpAnyValue[] = []
  scanner.openArray('the values of an array')
  for (let first = true; scanner.element(first); first = false) values.push(parseAnyValue(scanner))
  return values
}

const mapKeys = new ExpectedKeys()

function parseMap(scanner: JsonScanner): OtlpKeyValue[] {
  return parseKeyValues(scanner, mapKeys)
}

/** A list of key-value entries. That a key is there twice is for the canonical form to refuse. */
export function parseKeyValues(scanner: JsonScanner, keys: ExpectedKeys): OtlpKeyValue[] {
  const entries: OtlpKeyValue[] = []
  let node: ExpectedKey = keys.root
  scanner.openArray('a list of attributes')
  for (let first = true; scanner.element(first); first = false) {
    const guess = node.last
    const entry = guess === undefined ? undefined : parseExpected(scanner, guess)
    if (entry !== undefined && guess !== undefined) {
      entries.push(entry)
      node = guess
    } else {
      const parsed = parseKeyValue(scanner)
      entries.push(parsed)
      node = keys.learn(node, parsed.key)
    }
  }
  return entries
}

/** `undefined`, with the position where it was, when the text is not as expected. */
function parseExpected(scanner: JsonScanner, { key, text }: ExpectedKey): OtlpKeyValue | undefined {
  const start = scanner.pos
  if (!scanner.text.startsWith(text, start)) return undefined
  scanner.pos = start + text.length
  const value = parseAnyValue(scanner)
  if (scanner.text.charCodeAt(scanner.pos) === closeBrace) {
    scanner.pos++
    return { key, value }
  }
  scanner.pos = start
  return undefined
}

function parseKeyValue(scanner: JsonScanner): OtlpKeyValue {
  let key: string | undefined
  let value: OtlpAnyValue | undefined
  scanner.openObject('a key-value entry')
  for (let name = scanner.member(true); name !== undefined; name = scanner.member(false)) {
    if (name === 'key') {
      if (key !== undefined) throw scanner.twice(name)
      key = scanner.stringValue('a key')
    } else if (name === 'value') {
      if (value !== undefined) throw scanner.twice(name)
      value = parseAnyValue(scanner)
    } else throw ambiguous(`a key-value entry with the unknown member ${JSON.stringify(name)}`, scanner.pos)
  }
  if (key === undefined && value === undefined) throw corrupt('an entry with neither key nor value', scanner.pos)
  return value === undefined ? { key: key ?? '' } : { key: key ?? '', value }
}
