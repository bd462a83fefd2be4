import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAuditError } from '../../src/errors.ts'
import { parseOtlpLogs } from '../../src/otlp/parse-otlp-logs.ts'
import { signingVectors } from '../integrity/signing-vectors.ts'

const refused = (code: string, message: string): unknown =>
  expect.objectContaining({ name: 'AuditError', code, message: expect.stringContaining(message) as string })
const inRecord = (members: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${members}}]}]}]}`
const inValue = (value: string): string => inRecord(`"body":${value}`)

describe('parseOtlpLogs', () => {
  it.each(signingVectors)('reads $name as JSON.parse does, from text and from bytes', ({ input }) => {
    expect(parseOtlpLogs(input)).toEqual(JSON.parse(input))
    expect(parseOtlpLogs(new TextEncoder().encode(input))).toEqual(JSON.parse(input))
    expect(parseOtlpLogs(input.replaceAll('": ', '"\r\n\t : ').replaceAll('[{', '[ {'))).toEqual(JSON.parse(input))
  })

  it('leaves out members that OTLP does not know, such as the header of a journal line', () => {
    const text =
      '{"otelAudit":"1 x","future":{"a":[1,-2.5e3,true,null,"x",{}]},"resourceLogs":[{"entityRefs":[],"scopeLogs":[]}]}\n'
    expect(parseOtlpLogs(text)).toEqual({ resourceLogs: [{ scopeLogs: [] }] })
  })

  it('reads keys in any order, spacing and escaping', () => {
    const entry = '{ "value" : { "stringValue" : "v" } , "k\\u0065y" : "a" }'
    const again = '{"key":"a","value":{ "stringValue":"v"\n} }'
    const record = `"attributes":[${entry},${again},{"key":"a","value":{"stringValue":"v"}},{"key":"b"}]`
    const a = { key: 'a', value: { stringValue: 'v' } }
    for (let times = 0; times < 3; times++) {
      expect(parseOtlpLogs(inRecord(record)).resourceLogs[0]?.scopeLogs?.[0]?.logRecords).toEqual([
        { attributes: [a, a, a, { key: 'b' }] },
      ])
    }
  })

  it('reads values as deep as the canonical form allows', () => {
    const deep = '{"kvlistValue":{"values":[{"key":"k","value":'.repeat(128) + '{}' + '}]}}'.repeat(128)
    expect(parseOtlpLogs(inValue(deep))).toEqual(JSON.parse(inValue(deep)))
  })

  it.each([
    ['a name twice at the top', '{"resourceLogs":[],"resourceLogs":[]}', 'the member "resourceLogs" twice'],
    ['a name twice in a record', inRecord('"eventName":"a","eventName":"b"'), 'the member "eventName" twice'],
    ['an escaped name twice', inRecord('"eventName":"a","event\\u004eame":"b"'), 'the member "eventName" twice'],
    ['an unknown name twice', inRecord('"x":1,"x":2'), 'the member "x" twice'],
    ['a name twice inside an unknown member', '{"a":{"b":[{"c":1,"c":1}]},"resourceLogs":[]}', 'the member "c" twice'],
    ['a key twice', inRecord('"attributes":[{"key":"a","key":"b"}]'), 'the member "key" twice'],
    ['a value twice', inRecord('"attributes":[{"key":"a","value":{},"value":{}}]'), 'the member "value" twice'],
    ['a kind twice', inValue('{"stringValue":"a","stringValue":"b"}'), 'the member "stringValue" twice'],
    ['a value of two kinds', inValue('{"stringValue":"a","intValue":"1"}'), 'both stringValue and intValue'],
    ['an unknown kind', inValue('{"string_value":"a"}'), 'the unknown kind "string_value"'],
    ['an unknown member of an entry', inRecord('"attributes":[{"key":"a","v":1}]'), 'the unknown member "v"'],
    ['a snake_case name', inRecord('"time_unix_nano":"1"'), 'the member "time_unix_nano", not spelled'],
    ['a name in another case', '{"ResourceLogs":[]}', 'the member "ResourceLogs", not spelled'],
    ['an unquoted time', inRecord('"timeUnixNano":1714041600000000001'), 'the unquoted number 1714041600000000001'],
    ['an unquoted large integer', inValue('{"intValue":9007199254740993}'), 'beyond 2^53'],
    ['an integer with a fraction', inValue('{"intValue":1.0}'), 'the number 1.0'],
    ['an integer with an exponent', inValue('{"intValue":1e3}'), 'the number 1e3'],
    ['a double beyond range', inValue('{"doubleValue":1e400}'), 'the number 1e400'],
    ['an ignored number beyond range', '{"a":1e400,"resourceLogs":[]}', 'a number beyond range'],
    ['NaN', inValue('{"doubleValue":NaN}'), 'the number NaN'],
    ['Infinity', inValue('{"doubleValue":-Infinity}'), 'the number -Infinity'],
    ['null for a string', inRecord('"eventName":null'), 'null'],
    ['null for an object', '{"resourceLogs":[null]}', 'null'],
    ['a lone surrogate escape', inRecord('"eventName":"\\ud800"'), 'a lone surrogate'],
    ['a lone surrogate', inRecord('"eventName":"\ud800"'), 'a lone surrogate'],
    ['a byte order mark', '\ufeff{"resourceLogs":[]}', 'a byte order mark'],
    ['text after the end', '{"resourceLogs":[]}{"resourceLogs":[]}', 'more text after the request'],
    ['deep nesting', '{"a":' + '['.repeat(601) + ']'.repeat(601) + ',"resourceLogs":[]}', 'nested deeper than 600'],
  ])('refuses %s as ambiguous', (_, text, message) => {
    expect(() => parseOtlpLogs(text)).toThrow(refused('ambiguous', message))
  })

  it('refuses bytes that are not UTF-8, or begin with a byte order mark, as ambiguous', () => {
    const invalid = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('","resourceLogs":[]}'),
    ])
    expect(() => parseOtlpLogs(invalid)).toThrow(refused('ambiguous', 'invalid UTF-8'))
    const overlong = Buffer.from(invalid)
    overlong.set([0xc0, 0xaf], 6)
    expect(() => parseOtlpLogs(overlong)).toThrow(refused('ambiguous', 'invalid UTF-8'))
    expect(() => parseOtlpLogs(Buffer.from('\ufeff{"resourceLogs":[]}'))).toThrow(
      refused('ambiguous', 'byte order mark'),
    )
  })

  it.each([
    ['nothing', '', 'its end in place of an object as a request'],
    ['an array', '[]', 'in place of an object'],
    ['another signal', '{"resourceSpans":[]}', 'without resourceLogs'],
    ['a cut text', '{"resourceLogs":[{"scopeLogs":[', 'its end'],
    ['a cut string', '{"resourceLogs":[{"schemaUrl":"abc', 'a string without an end'],
    ['a string cut in an escape', '{"resourceLogs":[{"schemaUrl":"abc\\', 'a string without an end'],
    ['a wrong escape', inRecord('"eventName":"\\x41"'), 'a wrong escape'],
    ['a raw control character', inRecord('"eventName":"a\nb"'), 'control character'],
    ['a comma too many', '{"resourceLogs":[],}', 'in place of a member name'],
    ['a comma too many in an array', '{"resourceLogs":[{},]}', 'in place of an object'],
    ['a comma too few', '{"resourceLogs":[{}{}]}', 'in place of a comma'],
    ['no colon', '{"resourceLogs"[]}', 'in place of a colon'],
    ['a comment', '{/**/"resourceLogs":[]}', 'in place of a member name'],
    ['single quotes', "{'resourceLogs':[]}", 'in place of a member name'],
    ['a number with a leading zero', inRecord('"flags":01'), 'the number 01'],
    ['a number without digits', inRecord('"flags":-'), 'in place of a number'],
    ['an enum by name', inRecord('"severityNumber":INFO'), 'in place of a number'],
    ['a quoted number that is none', inRecord('"flags":"x"'), '"x" as flags'],
    ['a number in place of a string', inRecord('"eventName":5'), 'in place of a string as eventName'],
    ['a string in place of a boolean', inValue('{"boolValue":"true"}'), 'in place of true or false as boolValue'],
    ['an object in place of an array', inRecord('"attributes":{}'), 'in place of an array'],
    ['an empty entry', inRecord('"attributes":[{}]'), 'neither key nor value'],
    ['a bare word to ignore', '{"a":tru,"resourceLogs":[]}', 'in place of a number'],
  ])('refuses %s as corrupt', (_, text, message) => {
    expect(() => parseOtlpLogs(text)).toThrow(refused('corrupt', message))
  })

  it('either agrees with JSON.parse or refuses with an AuditError, whatever is changed in a text', () => {
    const { input } = signingVectors.find(({ name }) => name === '02-all-types')!
    const piece = fc.constantFrom(
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '-',
      'e',
      '.',
      'null',
      '\\u0000',
      ' ',
      '\n',
      'é',
      '\ud800',
    )
    const at = fc.nat(input.length)
    let accepted = 0
    fc.assert(
      fc.property(at, fc.nat(6), fc.oneof(piece, fc.string({ maxLength: 3 })), (start, cut, inserted) => {
        const text = input.slice(0, start) + inserted + input.slice(start + cut)
        try {
          expect(parseOtlpLogs(text)).toEqual(JSON.parse(text))
          accepted++
        } catch (error) {
          if (isAuditError(error)) return
          // Members of unknown names are left out: then only the rest is equal.
          expect(JSON.stringify(JSON.parse(text)).length).toBeGreaterThan(JSON.stringify(parseOtlpLogs(text)).length)
        }
      }),
      { numRuns: 2000 },
    )
    expect(accepted).toBeGreaterThan(0)
  })

  it('refuses every text that is cut short', () => {
    const { input } = signingVectors[0]!
    for (let end = 0; end < input.trimEnd().length; end++) {
      expect(() => parseOtlpLogs(input.slice(0, end))).toThrow(refused('corrupt', ''))
    }
  })
})
