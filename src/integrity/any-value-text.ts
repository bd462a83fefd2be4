import type { OtlpAnyValue, OtlpKeyValue } from '../otlp/otlp-log-record.ts'
import { isPlain, jsonString } from './json-string.ts'
import { closeCanonicalString, KeyPaths } from './key-path.ts'
import { checkDepth, noForm, twoWays } from './refusals.ts'
import { base64Text, doubleText, integerText, isObject, ofType } from './scalar-members.ts'
import { unsignedPrefix } from './signed-keys.ts'
import { byCodeUnits } from './sort-keys.ts'

const mapPaths = new KeyPaths()

/**
 * The canonical text of an OTLP/JSON `AnyValue` (rule I2); `undefined` and `{}` are unset values. `depth` is that of
 * an array or map, 1 for the outermost.
 * @throws AuditError `corrupt` for what is no value, `ambiguous` for what readers may take differently
 */
export function anyValueText(value: OtlpAnyValue | undefined, depth: number): string {
  if (value === undefined) return 'null'
  const kind = kindOf(value)
  switch (kind) {
    case undefined:
      return 'null'
    case 'stringValue':
      return '{"stringValue":' + jsonString(ofType(value.stringValue, 'string', kind)) + '}'
    case 'intValue':
      return '{"intValue":"' + integerText(value.intValue) + '"}'
    case 'boolValue':
      return ofType(value.boolValue, 'boolean', kind) ? '{"boolValue":true}' : '{"boolValue":false}'
    case 'doubleValue':
      return '{"doubleValue":' + doubleText(value.doubleValue) + '}'
    case 'bytesValue':
      return '{"bytesValue":"' + base64Text(ofType(value.bytesValue, 'string', kind)) + '"}'
    case 'arrayValue':
      return arrayText(valuesOf(value.arrayValue, kind), depth)
    case 'kvlistValue':
      return mapText(valuesOf(value.kvlistValue, kind), depth)
  }
}

/**
 * The text of attributes in sorted order behind `start`, without those that are not signed, without a closing brace.
 * @throws AuditError as {@link anyValueText}; `ambiguous` for a key that is there twice
 */
export function attributesText(attributes: readonly OtlpKeyValue[], paths: KeyPaths, start: string): string {
  const text = inOrder(attributes, 1, paths, start, true)
  if (text !== undefined) return text
  const signed = sortedOnce(attributes).filter((entry) => !keyOf(entry).startsWith(unsignedPrefix))
  return inOrder(signed, 1, paths, start, true) ?? start
}

function mapText(entries: readonly OtlpKeyValue[], depth: number): string {
  checkDepth(depth)
  const text =
    inOrder(entries, depth + 1, mapPaths, '{', false) ?? inOrder(sortedOnce(entries), depth + 1, mapPaths, '{', false)
  return `${text ?? '{'}}`
}

/** `undefined` when the entries are not in order, or with `signedOnly` when one of them is not signed. */
function inOrder(
  entries: readonly OtlpKeyValue[],
  depth: number,
  paths: KeyPaths,
  start: string,
  signedOnly: boolean,
): string | undefined {
  let text = start
  let node = paths.root
  let open = false
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as OtlpKeyValue
    const next = paths.step(node, keyOf(entry))
    if (next === undefined || (signedOnly && next.unsigned)) return undefined
    node = next
    const value = entry.value
    const plain = value?.stringValue
    if (typeof plain === 'string' && isPlain(plain) && kindOf(value) !== undefined) {
      text = text + (open ? node.canonicalNextString : node.canonicalString) + plain
      open = true
      continue
    }
    if (open) text = text + closeCanonicalString
    open = false
    text = text + node.canonical + anyValueText(value, depth)
  }
  return open ? text + closeCanonicalString : text
}

/** @throws AuditError `ambiguous` for a key that is there twice */
function sortedOnce(entries: readonly OtlpKeyValue[]): readonly OtlpKeyValue[] {
  const sorted = entries.toSorted((a, b) => byCodeUnits(keyOf(a), keyOf(b)))
  for (let index = 1; index < sorted.length; index++) {
    const key = keyOf(sorted[index] as OtlpKeyValue)
    if (key === keyOf(sorted[index - 1] as OtlpKeyValue)) throw twoWays(`the key ${JSON.stringify(key)} twice`)
  }
  return sorted
}

/** @throws AuditError as {@link anyValueText}; protobuf leaves an empty key out */
function keyOf(entry: OtlpKeyValue): string {
  if (!isObject(entry)) throw noForm('a key-value entry that is no object')
  for (const member in entry) {
    if (member !== 'key' && member !== 'value') {
      throw twoWays(`a key-value entry with the unknown member ${JSON.stringify(member)}`)
    }
  }
  const key: unknown = entry.key
  return key === undefined ? '' : ofType(key, 'string', 'key')
}

type Kind = keyof OtlpAnyValue

/** Which of the kinds the value has; none is an unset value. @throws AuditError as {@link anyValueText} */
function kindOf(value: OtlpAnyValue | undefined): Kind | undefined {
  if (!isObject(value)) throw noForm('a value that is no object')
  let kind: Kind | undefined
  for (const member in value) {
    if (kind !== undefined) throw twoWays(`a value that is both ${kind} and ${member}`)
    kind = knownKind(member)
  }
  return kind
}

function knownKind(member: string): Kind {
  switch (member) {
    case 'stringValue':
    case 'intValue':
    case 'boolValue':
    case 'doubleValue':
    case 'bytesValue':
    case 'arrayValue':
    case 'kvlistValue':
      return member
    default:
      throw twoWays(`a value of the unknown kind ${JSON.stringify(member)}`)
  }
}

function arrayText(values: readonly OtlpAnyValue[], depth: number): string {
  checkDepth(depth)
  let text = '['
  for (let index = 0; index < values.length; index++) {
    text = text + (index === 0 ? '' : ',') + anyValueText(values[index], depth + 1)
  }
  return text + ']'
}

function valuesOf<T>(list: { readonly values?: readonly T[] } | undefined, kind: Kind): readonly T[] {
  if (!isObject(list)) throw noForm(`a ${kind} that is no object`)
  const values: unknown = list.values
  if (values === undefined) return []
  if (!Array.isArray(values)) throw noForm(`a ${kind} whose values are no array`)
  return values as readonly T[]
}
