import fc from 'fast-check'
import type { RecordFields, StreamPosition } from '../../src/integrity/sealed-record.ts'

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u2028', '😀', '\u0000'))
const key = fc.oneof(
  text,
  fc.constantFrom(
    'audit.action',
    'audit.integrity.value',
    'audit.sequence.number',
    'audit.source.id',
    '__proto__',
    '9',
    '10',
  ),
)
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const number = fc.double({ noNaN: true, noDefaultInfinity: true })

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, fc.integer(), number, int64, fc.boolean(), fc.constant(null), fc.uint8Array({ maxLength: 40 })),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}))

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .string({
      unit: fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
      minLength: digits,
      maxLength: digits,
    })
    .map((id) => (/^0*$/.test(id) ? '' : id))

const nanoseconds = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)

export const anyFields: fc.Arbitrary<RecordFields> = fc.record({
  timeUnixNano: nanoseconds,
  observedTimeUnixNano: nanoseconds,
  eventName: text,
  traceId: fc.oneof(fc.constant(''), hex(32)),
  spanId: fc.oneof(fc.constant(''), hex(16)),
  body: fc.option(value, { nil: undefined }),
  attributes: fc.dictionary(key, value, { maxKeys: 12 }),
})

export const anyPosition: fc.Arbitrary<StreamPosition | undefined> = fc.option(
  fc.record({ streamId: fc.uuid(), number: fc.integer({ min: 1 }), previousHash: fc.oneof(fc.constant(''), hex(64)) }),
  { nil: undefined },
)
