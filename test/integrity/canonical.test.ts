import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalForm, integrityHash } from '../../src/integrity/canonical.ts'
import { encodeRecord, sealRecord } from '../../src/integrity/seal.ts'
import type { OtlpAnyValue, OtlpKeyValue, OtlpLogRecord, OtlpLogs } from '../../src/otlp/otlp-log-record.ts'
import { parseOtlpLogs } from '../../src/otlp/parse-otlp-logs.ts'
import { anyFields, anyPosition } from './record-arbitraries.ts'
import { onlyRecord, signingVectors } from './signing-vectors.ts'

const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const refused = (code: string, message: string): unknown =>
  expect.objectContaining({ name: 'AuditError', code, message: expect.stringContaining(message) as string })
/** A record as a hostile file could hold it. */
const record = (json: string): OtlpLogRecord => JSON.parse(json) as OtlpLogRecord

describe('canonicalForm', () => {
  it.each(signingVectors)('gives the bytes of vector $name, in both forms', (vector) => {
    for (const parse of [parseOtlpLogs, (text: string) => JSON.parse(text) as OtlpLogs]) {
      const given = onlyRecord(parse(vector.input))
      expect(asText(canonicalForm(given))).toBe(vector.canonical)
      expect(Buffer.from(canonicalForm(given)).toString('base64')).toBe(vector.canonical_base64)
      expect(integrityHash(given)).toBe(vector.canonical_sha256)
      expect(asText(canonicalForm(given, { body: 'string-only' }))).toBe(vector.canonical_body_string_only_form)
    }
  })

  it('equals what sealRecord made, for whatever a record holds', () => {
    fc.assert(
      fc.property(anyFields, anyPosition, (fields, position) => {
        const { wire, canonical } = encodeRecord(fields, position)
        const back = record(wire)
        expect(asText(canonicalForm(back))).toBe(canonical)
        expect(integrityHash(back)).toBe(sealRecord(fields, position).hash)
        const [parsed] = parseOtlpLogs(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${wire}]}]}]}`).resourceLogs
        expect(parsed?.scopeLogs?.[0]?.logRecords?.[0]).toEqual(back)
      }),
      { numRuns: 500 },
    )
  })

  it('does not depend on the order of attributes and map entries', () => {
    fc.assert(
      fc.property(anyFields, fc.func(fc.integer()), (fields, rank) => {
        const back = record(encodeRecord(fields, undefined).wire)
        const shuffle = (entries: readonly OtlpKeyValue[]): OtlpKeyValue[] =>
          entries
            .map(({ key, value }) => ({ key, ...(value && { value: shuffleValue(value) }) }))
            .sort((a, b) => rank(a.key) - rank(b.key))
        const shuffleValue = (value: OtlpAnyValue): OtlpAnyValue =>
          value.kvlistValue?.values ? { kvlistValue: { values: shuffle(value.kvlistValue.values) } } : value
        const shuffled = {
          ...back,
          ...(back.attributes && { attributes: shuffle(back.attributes) }),
          ...(back.body && { body: shuffleValue(back.body) }),
        }
        expect(integrityHash(shuffled)).toBe(integrityHash(back))
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['severity and flags', { severityNumber: 9, severityText: 'INFO', flags: 1, droppedAttributesCount: 2 }],
    ['an empty body', { body: {} }],
    ['times of 0', { timeUnixNano: '0', observedTimeUnixNano: 0 }],
    ['ids of zeros', { traceId: '0'.repeat(32), spanId: '' }],
    ['no attributes', { attributes: [] }],
    ['unsigned attributes alone', { attributes: [{ key: 'audit.integrity.value', value: { stringValue: 'x' } }] }],
  ])('leaves out %s', (_, members) => {
    expect(asText(canonicalForm({ eventName: 'e', ...members }))).toBe('{"event_name":"e"}')
  })

  it('reads the other spellings of OTLP/JSON alike', () => {
    const usual = { timeUnixNano: '17', traceId: 'ab'.repeat(16), attributes: [{ key: 'n', value: { intValue: '5' } }] }
    const other = { timeUnixNano: 17, traceId: 'AB'.repeat(16), attributes: [{ key: 'n', value: { intValue: 5 } }] }
    expect(integrityHash(other)).toBe(integrityHash(usual))
    expect(asText(canonicalForm({ attributes: [{ key: '' }, { key: 'a', value: { arrayValue: {} } }] }))).toBe(
      '{"attributes":{"":null,"a":[]}}',
    )
  })

  it.each([
    ['{"doubleValue":"NaN"}', 'the doubleValue "NaN"'],
    ['{"doubleValue":"-Infinity"}', 'the doubleValue "-Infinity"'],
    ['{"doubleValue":true}', 'a doubleValue that is no number'],
    ['{"intValue":"9223372036854775808"}', 'an intValue beyond 64 bits'],
    ['{"intValue":"01"}', 'the intValue "01"'],
    ['{"intValue":"-0"}', 'the intValue "-0"'],
    ['{"intValue":1.5}', 'the intValue 1.5'],
    ['{"stringValue":1}', 'stringValue of type number'],
    ['{"stringValue":"\\ud800"}', 'a string holds a lone surrogate'],
    ['{"boolValue":"true"}', 'boolValue of type string'],
    ['{"bytesValue":"a,b="}', 'the bytesValue "a,b="'],
    ['{"arrayValue":[]}', 'a arrayValue that is no object'],
    ['{"kvlistValue":{"values":{}}}', 'a kvlistValue whose values are no array'],
    ['{"kvlistValue":{"values":[1]}}', 'a key-value entry that is no object'],
    ['[]', 'a value that is no object'],
    ['{"arrayValue":{"values":['.repeat(129) + ']}}'.repeat(129), 'nested deeper than 128'],
  ])('refuses the value %s as corrupt', (value, message) => {
    expect(() => canonicalForm(record(`{"body":${value}}`))).toThrow(refused('corrupt', message))
    expect(() => canonicalForm(record(`{"attributes":[{"key":"a","value":${value}}]}`))).toThrow(
      refused('corrupt', message),
    )
  })

  it.each([
    ['{"stringValue":"a","intValue":"1"}', 'both stringValue and intValue'],
    ['{"stringValue":null}', 'stringValue: null'],
    ['{"string_value":"a"}', 'the unknown kind "string_value"'],
    ['{"doubleValue":"1.5"}', 'the quoted doubleValue "1.5"'],
    ['{"intValue":9007199254740993}', 'an unquoted intValue beyond 2^53'],
    ['{"bytesValue":"3q2-7w=="}', 'the bytesValue "3q2-7w=="'],
    ['{"bytesValue":"AB=="}', 'the bytesValue "AB=="'],
    ['{"bytesValue":"AA"}', 'the bytesValue "AA"'],
    ['{"kvlistValue":{"values":[{"key":"k"},{"key":"a"},{"key":"k"}]}}', 'the key "k" twice'],
    ['{"kvlistValue":{"values":[{"key":"k","vaule":{}}]}}', 'the unknown member "vaule"'],
  ])('refuses the value %s as ambiguous', (value, message) => {
    expect(() => canonicalForm(record(`{"body":${value}}`))).toThrow(refused('ambiguous', message))
    expect(() => integrityHash(record(`{"attributes":[{"key":"a","value":${value}}]}`))).toThrow(
      refused('ambiguous', message),
    )
  })

  it.each([
    ['{"attributes":[{"key":"a"},{"key":"a"}]}', 'ambiguous', 'the key "a" twice'],
    ['{"attributes":[{"key":"audit.integrity.value"},{"key":"audit.integrity.value"}]}', 'ambiguous', 'twice'],
    ['{"timeUnixNano":1714041600000000001}', 'ambiguous', 'an unquoted timeUnixNano beyond 2^53'],
    ['{"timeUnixNano":"18446744073709551616"}', 'corrupt', 'a timeUnixNano beyond 64 bits'],
    ['{"observedTimeUnixNano":"-1"}', 'corrupt', 'the observedTimeUnixNano "-1"'],
    ['{"traceId":"W4dv/5h4A4ECnSabYzgTxg=="}', 'corrupt', 'a traceId that is not 32 hex digits'],
    ['{"spanId":7}', 'corrupt', 'spanId of type number'],
    ['{"eventName":null}', 'ambiguous', 'eventName: null'],
    ['{"attributes":{}}', 'corrupt', 'attributes that are no array'],
    ['[]', 'corrupt', 'no object in place of a log record'],
  ])('refuses the record %s as %s', (json, code, message) => {
    expect(() => integrityHash(record(json))).toThrow(refused(code, message))
  })

  it('refuses more than 2 MiB', () => {
    expect(() => integrityHash({ body: { stringValue: 'x'.repeat(2 ** 21) } })).toThrow(
      refused('corrupt', '2097152 bytes'),
    )
  })
})
