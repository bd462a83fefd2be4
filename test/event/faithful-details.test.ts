import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { nested, withDetails } from './event-samples.ts'

class Money {
  readonly amount = 5
  readonly currency = 'EUR'
  get text(): string {
    return 'five'
  }
}
class Hidden {
  readonly #value = 1
  read(): number {
    return this.#value
  }
}
class PaymentError extends Error {
  readonly code = 'E_PAY'
  readonly retry = true
  readonly response = { body: 'long' }
}
const lone = '\ud800'
const date = new Date('2026-01-02T03:04:05.678Z')

describe('values that are kept without being altered', () => {
  it.each([
    ['a string', 'é😀', 'é😀'],
    ['a number', -1.5e300, -1.5e300],
    ['a boolean', false, false],
    ['null', null, null],
    ['a Date as ISO text', date, '2026-01-02T03:04:05.678Z'],
    ['a small bigint as a number', 42n, 42],
    ['a bigint within int64', 2n ** 63n - 1n, 2n ** 63n - 1n],
    ['the least int64', -(2n ** 63n), -(2n ** 63n)],
    [
      'a Map as a map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([[true, 'x']])],
      ]),
      { a: 1, 2: { true: 'x' } },
    ],
    ['a Set as an array', new Set([1, 'a']), [1, 'a']],
    ['undefined in an array as null', [1, undefined, 3], [1, null, 3]],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    ['a Buffer as bytes', Buffer.from('ab'), Uint8Array.of(97, 98)],
    ['an ArrayBuffer as bytes', Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2)],
    ['a DataView as bytes', new DataView(Uint8Array.of(1, 2, 3).buffer, 1), Uint8Array.of(2, 3)],
    ['other typed arrays as numbers', Float32Array.of(1.5, 2), [1.5, 2]],
    ['64-bit arrays as integers', BigInt64Array.of(1n, 2n ** 60n), [1, 2n ** 60n]],
    ['boxed values as what they box', [Object('a'), Object(1), Object(true)], ['a', 1, true]],
    ['a regular expression as its text', /a\/b/giu, '/a\\/b/giu'],
    ['a class instance as its own properties', new Money(), { amount: 5, currency: 'EUR' }],
    ['a URL as its text', new URL('https://example.org/a'), 'https://example.org/a'],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['an object of another realm', runInNewContext('({ a: [1], e: {} })'), { a: [1], e: {} }],
    ['an error', new TypeError('bad'), { type: 'TypeError', message: 'bad' }],
    ['an error of another realm', runInNewContext('new RangeError("x")'), { type: 'RangeError', message: 'x' }],
    [
      'an error with its cause',
      new Error('outer', { cause: new RangeError('inner') }),
      { type: 'Error', message: 'outer', cause: { type: 'RangeError', message: 'inner' } },
    ],
    [
      'an aggregate of errors',
      new AggregateError([new Error('one')], 'all'),
      { type: 'AggregateError', message: 'all', errors: [{ type: 'Error', message: 'one' }] },
    ],
    [
      'what a getter gives',
      {
        get a() {
          return 1
        },
      },
      { a: 1 },
    ],
    ['a key that is a method of objects', { toString: 1, hasOwnProperty: 2 }, { toString: 1, hasOwnProperty: 2 }],
    ['one object in two places', ((shared) => [shared, shared])({ a: 1 }), [{ a: 1 }, { a: 1 }]],
  ])('%s', (_name: string, value: unknown, kept: unknown) => {
    const event = withDetails({ value })
    expect(event.details).toStrictEqual({ value: kept })
    expect(event.detailsAltered).toEqual([])
  })

  it('undefined is left out', () => {
    expect(withDetails({ a: undefined, b: 1 }).details).toStrictEqual({ b: 1 })
  })

  it('bytes are plain bytes, no Buffer over a shared pool', () => {
    const { value } = withDetails({ value: Buffer.from('ab') }).details
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype)
    expect((value as Uint8Array).buffer.byteLength).toBe(2)
  })
})

describe('values that are replaced are visible and listed', () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  it.each([
    ['NaN', Number.NaN, 'NaN'],
    ['an infinity', -Infinity, '-Infinity'],
    ['an invalid Date', new Date(Number.NaN), 'Invalid Date'],
    ['a bigint beyond int64', 2n ** 63n, '9223372036854775808'],
    ['an enormous bigint', -(1n << 70_000n), `-0x1${'0'.repeat(17_500)}`],
    ['a lone surrogate', `a${lone}b`, 'a\ufffdb'],
    [
      'a function',
      function named() {
        return 1
      },
      '[Function named]',
    ],
    [
      'a nameless function',
      (
        () => () =>
          1
      )(),
      '[Function]',
    ],
    ['a symbol', Symbol('s'), '[Symbol(s)]'],
    ['an object that shows nothing', new Hidden(), '[Hidden]'],
    ['a promise', Promise.resolve(1), '[Promise]'],
    ['a WeakMap', new WeakMap(), '[WeakMap]'],
    ['a proxy of a Date', new Proxy(date, {}), '[Date]'],
    [
      'a revoked proxy',
      proxy,
      "[Unreadable: TypeError: Cannot perform 'getPrototypeOf' on a proxy that has been revoked]",
    ],
  ])('%s', (_name, value, marker) => {
    const event = withDetails({ kept: 1, value })
    expect(event.details).toStrictEqual({ kept: 1, value: marker })
    expect(event.detailsAltered).toEqual(['/value'])
  })

  it('a cycle', () => {
    const list: unknown[] = []
    list.push({ list })
    const event = withDetails({ circular, list })
    expect(event.details).toEqual({ circular: { self: '[Circular]' }, list: [{ list: '[Circular]' }] })
    expect(event.detailsAltered).toEqual(['/circular/self', '/list/0/list'])
  })

  it('a getter that throws costs its own value only', () => {
    const details = {
      before: 1,
      get bad(): unknown {
        throw new TypeError('no')
      },
      get odd(): unknown {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw 'text'
      },
      after: 2,
    }
    const event = withDetails(details)
    expect(event.details).toEqual({
      before: 1,
      bad: '[Getter threw: TypeError: no]',
      odd: '[Getter threw: text]',
      after: 2,
    })
    expect(event.detailsAltered).toEqual(['/bad', '/odd'])
  })

  it('objects that hang on an error are named, its scalars are kept', () => {
    const event = withDetails({ error: new PaymentError('declined') })
    expect(event.details).toEqual({
      error: { type: 'PaymentError', message: 'declined', code: 'E_PAY', retry: true, response: '[Object]' },
    })
    expect(event.detailsAltered).toEqual(['/error/response'])
  })

  it('a message that is an enumerable property of its error stands there once', () => {
    const error = Object.defineProperty(new Error('x'), 'message', { value: 'told', enumerable: true })
    expect(withDetails({ error }).details).toEqual({ error: { type: 'Error', message: 'told' } })
  })

  it('exactly 64 levels are kept', () => {
    const text = JSON.stringify(nested(64))
    expect(JSON.stringify(withDetails(nested(64)).details)).toBe(text)
    expect(withDetails(nested(64)).detailsAltered).toEqual([])
    const event = withDetails(nested(65))
    expect(JSON.stringify(event.details)).toBe(text.replace('{"end":true}', '{"child":"[Depth > 64]"}'))
    expect(event.detailsAltered).toEqual([`${'/child'.repeat(64).slice(0, 256)}…`])
  })

  it('pointers escape ~ and /, and are sorted', () => {
    const event = withDetails({ 'b/c': Number.NaN, 'a~': [0, { '': Number.NaN }] })
    expect(event.detailsAltered).toEqual(['/a~0/1/', '/b~1c'])
  })

  it('a list of many pointers says how many more there are', () => {
    const event = withDetails({ all: Array.from({ length: 1000 }, () => Number.NaN) })
    expect(event.detailsAltered).toHaveLength(65)
    expect(event.detailsAltered.at(-1)).toBe('… and 936 more')
  })

  it('a scalar toJSON of a hostile kind is not trusted', () => {
    class Throws {
      readonly kept = 1
      toJSON(): string {
        throw new Error('no')
      }
    }
    expect(withDetails({ value: new Throws() }).details).toEqual({ value: { kept: 1 } })
    const plain = { kept: 1, toJSON: () => ({}) }
    expect(withDetails({ plain }).details).toEqual({ plain: { kept: 1, toJSON: '[Function toJSON]' } })
  })
})

describe('keys', () => {
  it('`constructor` and `__proto__` survive at any depth as own properties of plain objects', () => {
    const text = '{"__proto__":{"constructor":1,"__proto__":[{"__proto__":2}]},"constructor":{"a":"b"}}'
    const event = withDetails(JSON.parse(text))
    expect(JSON.stringify(event.details)).toBe(text)
    expect(Object.getPrototypeOf(event.details)).toBe(Object.prototype)
    expect(event.detailsAltered).toEqual([])
  })

  it('lone surrogates in keys become U+FFFD, and no value is lost when two keys become one', () => {
    const event = withDetails({ [`k${lone}`]: 1, 'k\ufffd': 2, 'k\ufffd (2)': 3, z: 4 })
    expect(Object.values(event.details).sort()).toEqual([1, 2, 3, 4])
    expect(event.details['k\ufffd']).toBe(1)
    expect(event.detailsAltered).toContain('/k\ufffd (2)')
  })

  it('keys of a Map that give one text all keep their value', () => {
    const map = new Map<unknown, unknown>([
      [1, 'number'],
      ['1', 'text'],
      [1n, 'bigint'],
      [{}, 'object'],
      [date, 'date'],
    ])
    const event = withDetails({ map })
    expect(event.details).toEqual({
      map: { '1': 'number', '1 (2)': 'text', '1 (3)': 'bigint', '[Object]': 'object', [date.toISOString()]: 'date' },
    })
    expect(event.detailsAltered).toEqual(['/map/1 (2)', '/map/1 (3)'])
  })
})

describe('details that are no plain object', () => {
  it.each([
    ['an array', [1, [Number.NaN]], { items: [1, ['NaN']] }, ['/items/1/0']],
    ['a Set', new Set(['a']), { items: ['a'] }, []],
    ['a typed array', Int8Array.of(1), { items: [1] }, []],
    ['a Map', new Map([['a', 1]]), { a: 1 }, []],
    ['a class instance', new Money(), { amount: 5, currency: 'EUR' }, []],
    ['an error', new TypeError('bad'), { type: 'TypeError', message: 'bad' }, []],
    ['a Date', date, { value: date.toISOString() }, []],
    ['bytes', Uint8Array.of(1), { value: Uint8Array.of(1) }, []],
    ['an opaque object', new Hidden(), { value: '[Hidden]' }, ['/value']],
  ])('%s', (_name, details, kept, altered) => {
    const event = withDetails(details)
    expect(event.details).toStrictEqual(kept)
    expect(event.detailsAltered).toEqual(altered)
  })
})
