import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { digestOtlpLogs, quickDigests, strictDigests } from '../../src/integrity/digest-logs.ts'
import type { RecordDigest } from '../../src/integrity/record-digest.ts'
import { encodeResource, encodeScope } from '../../src/integrity/encode-envelope.ts'
import { encodeRecord } from '../../src/integrity/seal.ts'
import type { RecordFields, StreamPosition } from '../../src/integrity/sealed-record.ts'
import { anyFields, anyPosition } from './record-arbitraries.ts'

const header = '{"otelAudit":"1 8c050053-cf0a-46b0-9126-03e424695259 1 2 0",'
const opening = `"resourceLogs":[{"resource":${encodeResource({ 'service.name': 'bücher' })},"scopeLogs":[{"scope":${encodeScope('otel-audit', '1')},"logRecords":[`
const closing = ']}]}]}'
const streamId = '8c050053-cf0a-46b0-9126-03e424695259'

/** A record with a value of every kind, as the library writes them. */
const fields: RecordFields = {
  timeUnixNano: '1790000000123456789',
  observedTimeUnixNano: '1790000000123456790',
  eventName: 'admin.store.update',
  traceId: '0123456789abcdef0123456789abcdef',
  spanId: '0123456789abcdef',
  body: {
    amount: -12.5,
    bytes: new Uint8Array([1, 2, 3, 4]),
    empty: [],
    lines: ['a\nb', 'quote " and \\', null],
    name: 'Bücher, 本',
    nested: { big: 2n ** 50n, no: false, yes: true },
    zero: {},
  },
  attributes: {
    'audit.action': 'update_store',
    'audit.record.id': '11111111-2222-4333-8444-555555555555',
    'audit.sequence.end': true,
    'user_agent.original': 'Mozilla/5.0',
  },
}

function wireOf(number: number, previousHash = 'ab'.repeat(32), change: Partial<RecordFields> = {}): string {
  return encodeRecord({ ...fields, ...change }, { streamId, number, previousHash }).wire
}

function line(...records: string[]): Buffer {
  return Buffer.from(header + opening + records.join(',') + closing)
}

function quick(text: string): RecordDigest[] | undefined {
  return quickDigests(Buffer.from(text))
}

/** What both ways say: the quick one may decline, but never differ. */
function agree(bytes: Uint8Array): 'declined' | 'same' {
  const quickly = quickDigests(bytes)
  if (quickly === undefined) return 'declined'
  const strictly = strictDigests(bytes)
  if (!isDeepStrictEqual(quickly, strictly)) expect(quickly).toStrictEqual(strictly)
  return 'same'
}

it('reads what the library writes the quick way, and says of it what the strict way says', () => {
  expect(agree(line(wireOf(1, ''), wireOf(2)))).toBe('same')
  const [first, second] = digestOtlpLogs(line(wireOf(1, ''), wireOf(2)))
  expect(first).toMatchObject({ streamId, number: 1, previousHash: '', end: true })
  expect(second).toMatchObject({
    number: 2,
    previousHash: 'ab'.repeat(32),
    recordId: fields.attributes['audit.record.id'],
  })
  expect(second?.hash).toMatch(/^[0-9a-f]{64}$/)
})

it('reads a Collector’s batch of several requests, with its empty members, the quick way', () => {
  const empty =
    '{"timeUnixNano":"1","severityNumber":9,"severityText":"INFO","body":{},"attributes":[],"flags":1,"traceId":"","spanId":""}'
  const inner = opening.slice('"resourceLogs":['.length)
  const batch = `{"resourceLogs":[${inner}${wireOf(1)}]}]},{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[${empty},${wireOf(2)}]},{"logRecords":[]}],"schemaUrl":"s"}]}`
  expect(agree(Buffer.from(batch))).toBe('same')
})

it('agrees with the strict way on any record', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyFields, anyPosition), { minLength: 1, maxLength: 3 }), (records) => {
      agree(line(...records.map(([any, position]) => encodeRecord(any, position).wire)))
    }),
    { numRuns: 2000 },
  )
})

it('agrees with the strict way on any record of plain text, and declines none', () => {
  const plain = fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ 0129.-_ü€😀"\\\n\t')) })
  const key = fc.string({ unit: fc.constantFrom(...Array.from('abcxyz.019_')), minLength: 1 })
  const leaf = fc.oneof(
    plain,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-3, max: 1e15 }).filter((value) => value % 1 !== 0),
  )
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(key, leaf, { maxKeys: 4 }))
  const position = anyPosition.filter((any): any is StreamPosition => any !== undefined && any.number < 1e15)
  fc.assert(
    fc.property(
      fc.dictionary(key, value, { maxKeys: 8 }),
      fc.option(value, { nil: undefined }),
      position,
      (attributes, body, at) => {
        expect(agree(line(encodeRecord({ ...fields, body, attributes }, at).wire))).toBe('same')
      },
    ),
    { numRuns: 1000 },
  )
})

it('never accepts a line with one byte changed, left out or added that the strict way reads otherwise', () => {
  const original = line(wireOf(41), wireOf(42, 'cd'.repeat(32), { eventName: 'ein/name', spanId: '' }))
  const usual = Buffer.from('"\\{}[],: 019-+.eaAfFuntrskbid/_\n\u0000\u001f\u007f', 'latin1')
  const others = [...usual, 0x80, 0xa0, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xff]
  const seen = { same: 0, declined: 0 }
  for (let at = header.length; at < original.length; at++) {
    const before = original.subarray(0, at)
    const after = original.subarray(at + 1)
    seen[agree(Buffer.concat([before, after]))]++
    const flipped = Array.from({ length: 8 }, (_, bit) => (original[at] as number) ^ (1 << bit))
    for (const byte of [...others, ...flipped]) {
      seen[agree(Buffer.concat([before, Buffer.from([byte]), after]))]++
      if (at % 7 === 0) seen[agree(Buffer.concat([before, Buffer.from([byte]), original.subarray(at)]))]++
    }
  }
  expect(seen.same).toBeGreaterThan(1000)
  expect(seen.declined).toBeGreaterThan(1000)
})

it('never differs when pieces of a line are cut out, doubled or exchanged', () => {
  const text = line(wireOf(41), wireOf(42)).toString()
  const tokens = text.match(/"[^"]*"|[^"]/g) ?? []
  const index = fc.nat({ max: tokens.length - 1 })
  fc.assert(
    fc.property(
      index,
      index,
      fc.nat({ max: 30 }),
      fc.constantFrom('cut', 'double', 'exchange'),
      (from, to, length, how) => {
        const changed = [...tokens]
        const piece = tokens.slice(from, from + length)
        if (how === 'cut') changed.splice(from, length)
        else if (how === 'double') changed.splice(to, 0, ...piece)
        else changed.splice(from, length, ...tokens.slice(to, to + length))
        agree(Buffer.from(changed.join('')))
      },
    ),
    { numRuns: 3000 },
  )
})

const record = wireOf(7)
it.each([
  [
    'under a member that OTLP does not know',
    `{"resourceLogs":[{"x":{"logRecords":[${record}]},"scopeLogs":[{"logRecords":[]}]}]}`,
  ],
  [
    'under such a member, beside real ones',
    `{"resourceLogs":[{"x":{"logRecords":[${record}]},"scopeLogs":[{"logRecords":[${record}]}]}]}`,
  ],
  [
    'under such a member, beside one that could be a mark of our own',
    `{"resourceLogs":[{"x":{"logRecords":[${record}]},"scopeLogs":[{"logRecords":[ {"flags":1}]}]}]}`,
  ],
  [
    'in a list that is there twice',
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}],"logRecords":[${record}]}]}]}`,
  ],
  ['behind the end of the request', `{"resourceLogs":[]}{"logRecords":[${record}]}`],
  ['in a request that is cut off', `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]`],
  [
    'in a request with a second header',
    `{"otelAudit":"1","otelAudit":"2","resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`,
  ],
  ['behind a byte order mark', `\ufeff{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`],
  ['with a member twice', line(record.replace('"spanId"', '"traceId"')).toString()],
  ['with a key twice', line(record.replace('audit.record.id', 'audit.action')).toString()],
  ['with keys that are not sorted', line(record.replace('audit.action', 'z')).toString()],
  [
    'with a kind beside another',
    line(record.replace('{"boolValue":true}', '{"boolValue":true,"intValue":"1"}')).toString(),
  ],
  ['with white space', line(record.replace('{"key"', '{ "key"')).toString()],
  [
    'with a number of 19 digits',
    line(record.replace('{"boolValue":true}', '{"intValue":"9223372036854775808"}')).toString(),
  ],
  ['with a number in the stream that is not exact', line(record.replace('"7"', '"9007199254740993"')).toString()],
  ['with minus zero', line(record.replace('{"boolValue":true}', '{"intValue":"-0"}')).toString()],
  ['with an escape of another spelling', line(record.replace('update_store', '\\u0075pdate_store')).toString()],
  [
    'with a record id of another type',
    line(record.replace(/(record\.id","value":\{)"stringValue":"[^"]*"/, '$1"intValue":"1"')).toString(),
  ],
  [
    'with an upper-case trace id',
    line(record.replace('"traceId":"0123456789abcdef', '"traceId":"0123456789ABCDEF')).toString(),
  ],
  ['with a trace id of zeros', line(record.replace(/"traceId":"[^"]*"/, `"traceId":"${'0'.repeat(32)}"`)).toString()],
])('declines records %s', (_, text) => {
  expect(quick(text)).toBeUndefined()
})

it('declines invalid UTF-8 in a value', () => {
  const bytes = line(record)
  bytes[bytes.indexOf('update_store')] = 0xff
  expect(quickDigests(bytes)).toBeUndefined()
  expect(() => digestOtlpLogs(bytes)).toThrow(expect.objectContaining({ code: 'ambiguous' }))
})

it('hands on what a stream says of one that it took over', () => {
  const body = { streamId: 'other', lastNumber: 12, headHash: 'ef'.repeat(32), state: 'torn' }
  const [digest] = digestOtlpLogs(line(wireOf(2, '', { eventName: 'audit.pipeline.adopt', body })))
  expect(digest?.adoption).toEqual({ streamId: 'other', lastNumber: 12, headHash: 'ef'.repeat(32), torn: true })
})

it('says why a record has no hash', () => {
  const [digest] = digestOtlpLogs(line(record.replace('audit.record.id', 'audit.action')))
  expect(digest?.hash).toBeUndefined()
  expect(digest?.refusal).toMatchObject({
    code: 'ambiguous',
    message: expect.stringContaining('"audit.action" twice') as string,
  })
})
