import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import type { AuditEvent } from '../../src/event/audit-event.ts'
import { toLogRecord } from '../../src/event/log-record.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { minimal } from './event-samples.ts'

const prepare = createEventPreparer()

/** What may stand in a record (rule I2): nothing else reaches providers, encoders or the SDK. */
function isFaithful(value: unknown, levels = 0): boolean {
  if (levels > 64) return false
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'boolean' || value === null) return true
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value
  if (typeof value !== 'object') return false
  if (value instanceof Uint8Array) return true
  if (!Object.isFrozen(value)) return false
  if (Array.isArray(value)) return value.every((item) => isFaithful(item, levels + 1))
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isFaithful(item, levels + 1))
}

type Make = () => unknown

const fail = (): never => {
  throw new Error('no')
}
const failOddly = (): never => {
  throw Object.create(null)
}
const failDeeply = (): never => {
  // eslint-disable-next-line @typescript-eslint/only-throw-error
  throw new Proxy({}, { get: fail, getPrototypeOf: fail })
}

function hostileMakers(trap: () => never): Make[] {
  return [
    () => Object.defineProperty({ a: 1 }, 'bad', { get: trap, enumerable: true }),
    () => new Proxy({ a: 1 }, { get: trap }),
    () => new Proxy([1], { get: trap }),
    () => new Proxy({ a: 1 }, { ownKeys: trap }),
    () => new Proxy(() => 1, { getPrototypeOf: trap, get: trap }),
    () => new Proxy({ a: 1 }, { getPrototypeOf: trap }),
    () => new Proxy(new Date(), { get: trap }),
    () => Object.assign(Object.create({ toJSON: trap }) as object, { a: 1 }),
    () => Object.defineProperty(new Error('x'), 'message', { get: trap }),
    () => Object.defineProperty(new Error('x'), 'name', { get: trap }),
    () => Object.defineProperty(new Map([['a', 1]]), 'entries', { get: trap }),
    () => Object.defineProperty(new Set([1]), Symbol.iterator, { get: trap }),
    () => Object.defineProperty(new Date(), 'toISOString', { get: trap }),
    () => Object.defineProperty(() => 1, 'name', { get: trap }),
    () =>
      Object.create({
        get constructor() {
          return trap()
        },
      }) as unknown,
    () => ({ [Symbol.toPrimitive]: trap, toString: trap, valueOf: trap }),
    () => new Map([[{ toString: trap }, trap]]),
  ]
}

const hostile = fc.constantFrom<Make[]>(
  ...[fail, failOddly, failDeeply].flatMap(hostileMakers),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  () => Object.assign(Object.create(Date.prototype) as object, { a: 1 }),
  () => new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => undefined }),
  () => {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  },
)

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  maxDepth: 4,
})

/** fast-check looks into what it makes, which hostile values do not bear: so it makes functions that make them. */
const value: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 3,
    arbitrary: anything.map(
      (made): Make =>
        () =>
          made,
    ),
  },
  { weight: 2, arbitrary: hostile },
  {
    weight: 1,
    arbitrary: fc.array(hostile, { maxLength: 3 }).map(
      (makers): Make =>
        () =>
          makers.map((make) => make()),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.array(fc.tuple(fc.string({ unit: 'binary' }), hostile), { maxLength: 3 }).map(
      (entries): Make =>
        () =>
          Object.fromEntries(entries.map(([key, make]) => [key, make()])),
    ),
  },
)

function accepted(input: unknown): AuditEvent | undefined {
  try {
    return prepare(input)
  } catch (error) {
    expect(error).toBeInstanceOf(AuditError)
    expect((error as AuditError).code).toBe('invalid_event')
    return undefined
  }
}

describe('hostile input', () => {
  it('in any field, throws nothing but AuditError', () => {
    const fields = ['adminUserId', 'action', 'targetType', 'targetId', 'details', 'ipAddress', 'userAgent', 'requestId']
    const more = [
      'outcome',
      'actorType',
      'actorName',
      'targetName',
      'eventName',
      'occurredAt',
      'recordId',
      'attributes',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...fields, ...more), value, (field, make) => {
        const event = accepted({ ...minimal, [field]: make() })
        if (event !== undefined) toLogRecord(event)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(value, (make) => void accepted(make())),
      { numRuns: 500 },
    )
  })

  it('in details is always recorded, as values that every encoder can write', () => {
    fc.assert(
      fc.property(value, (make) => {
        const details = { before: 1, found: make(), list: [2, make(), 3], map: new Map([['m', make()]]), after: 4 }
        const event = prepare({ ...minimal, details })
        expect(event.details).toMatchObject({ before: 1, list: { 0: 2, 2: 3 }, after: 4 })
        expect(isFaithful(event.details)).toBe(true)
        expect(isFaithful(event.detailsAltered)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('in attributes is recorded as values that pass OpenTelemetry’s SDK', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value), (makers) => {
        const attributes = Object.fromEntries(Object.entries(makers).map(([key, make]) => [key, make()]))
        const event = prepare({ ...minimal, attributes })
        expect(isFaithful(event.attributes)).toBe(true)
        for (const [key, found] of Object.entries(attributes)) {
          expect(key in event.attributes).toBe(found !== null && found !== undefined)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('JSON values come through as they are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Z ]{1,3}$/), fc.jsonValue({ maxDepth: 6 })), (details) => {
        const plain = createEventPreparer({ redact: false })({ ...minimal, details })
        expect(JSON.stringify(plain.details)).toBe(JSON.stringify(details))
      }),
    )
  })

  it('never lets the text of a secret through, wherever it stands', () => {
    const secret = 'correct horse battery staple'
    const key = fc.constantFrom('password', 'X-API-Key', 'clientSecret', 'SMTP_PASS', 'set-cookie', 'access.token')
    const leaf: fc.Arbitrary<unknown> = fc.oneof(
      key.map((name) => ({ [name]: secret })),
      key.map((name) => new Map([[name, [secret]]])),
      key.map((name) => Object.defineProperty({}, name, { get: () => secret, enumerable: true })),
      key.map((name) => Object.assign(new Error('x'), { [name]: secret })),
      key.map((name) => ({ [name]: { value: secret, list: [secret] } })),
    )
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('node'), { maxKeys: 3 }),
        tie('node').map((node) => new Map([['k', node]])),
        tie('node').map((node) => new Set([node])),
      ),
    })).node
    fc.assert(
      fc.property(tree, (node) => {
        const event = prepare({ ...minimal, details: { node }, attributes: { node } })
        const record = toLogRecord(event)
        expect(JSON.stringify([event, record])).not.toContain(secret)
      }),
      { numRuns: 500 },
    )
  })
})
