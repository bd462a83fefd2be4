import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { minimal, withDetails } from './event-samples.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('a record over maxRecordBytes', () => {
  it('keeps who, what and when, and of the details the size and hash of the redacted JSON text', () => {
    const details = { z: 'x'.repeat(2_000_000), a: [1, 'é', 2n ** 60n], password: 'hunter2' }
    const text = `{"a":[1,"é",${2n ** 60n}],"password":"[REDACTED]","z":"${details.z}"}`
    const event = createEventPreparer()({ ...minimal, details, requestId: 'r', attributes: { 'tenant.id': 't' } })
    expect(event.details).toEqual({ bytes: Buffer.byteLength(text), sha256: sha256(text) })
    expect(event.detailsAltered).toEqual([''])
    expect(event.detailsRedacted).toEqual(['/password'])
    expect(event).toMatchObject({ ...minimal, requestId: 'r', attributes: { 'tenant.id': 't' } })
    expect(Object.isFrozen(event.details)).toBe(true)
  })

  it('has one hash whatever the order of keys', () => {
    const big = 'x'.repeat(5000)
    const settings = { maxRecordBytes: 4000 }
    const one = withDetails({ a: { c: 1, d: 2 }, big }, settings)
    expect(one.details).toEqual(withDetails({ big, a: { d: 2, c: 1 } }, settings).details)
    expect(one.details).not.toEqual(withDetails({ big, a: { d: 2, c: 3 } }, settings).details)
  })

  it('loses its attributes too when they are too large by themselves', () => {
    const attributes = { note: 'y'.repeat(9000) }
    const event = createEventPreparer({ maxRecordBytes: 8000 })({ ...minimal, details: { a: 1 }, attributes })
    const text = JSON.stringify(attributes)
    expect(event.attributes).toEqual({})
    expect(event.details).toEqual({
      bytes: 7,
      sha256: sha256('{"a":1}'),
      attributes: { bytes: text.length, sha256: sha256(text) },
    })
    expect(event.detailsAltered).toEqual([''])
  })

  it('keeps the moment that was claimed beside attributes that were too large', () => {
    const prepare = createEventPreparer({ maxRecordBytes: 500, now: () => 1000 })
    const event = prepare({ ...minimal, occurredAt: new Date(2000), attributes: { note: 'y'.repeat(900) } })
    expect(event.attributes).toEqual({ 'audit.timestamp.claimed': '1970-01-01T00:00:02.000Z' })
  })

  it('leaves small events alone, however small the limit', () => {
    const event = createEventPreparer({ maxRecordBytes: 200 })({ ...minimal, details: { a: 1 } })
    expect(event.details).toEqual({ a: 1 })
  })

  it.each([0, -1, Number.NaN])('a limit of %d is bad configuration', (maxRecordBytes) => {
    expect(() => createEventPreparer({ maxRecordBytes })).toThrow(
      expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('maxRecordBytes is ') as string }),
    )
  })

  it('says when the value was not even read to its end', () => {
    const event = withDetails({ all: new Array(4_000_000_000) }, { maxRecordBytes: 10_000 })
    expect(event.details).toMatchObject({ complete: false })
    expect(event.detailsAltered).toEqual([''])
  })

  it.each([
    ['ASCII', 'x', 1_000_000, false],
    ['ASCII', 'x', 1_050_000, true],
    ['quotes', '"', 520_000, false],
    ['quotes', '"', 530_000, true],
    ['control characters', '\u0001', 170_000, false],
    ['control characters', '\u0001', 180_000, true],
    ['three-byte characters', '世', 340_000, false],
    ['three-byte characters', '世', 352_000, true],
  ])('is told by its bytes: %s %s × %i → %s', (_name, character, count, replaced) => {
    const event = withDetails({ text: character.repeat(count) })
    expect('sha256' in event.details).toBe(replaced)
  })

  it('is told by its members as they stand in OTLP/JSON', () => {
    expect(withDetails({ all: new Array(10_000).fill(1) }).detailsAltered).toEqual([])
    expect(withDetails({ all: new Array(100_000).fill(1) }).detailsAltered).toEqual([''])
    expect(withDetails({ bytes: new Uint8Array(700_000) }).detailsAltered).toEqual([])
    expect(withDetails({ bytes: new Uint8Array(800_000) }).detailsAltered).toEqual([''])
  })

  it('10,000 keys are kept', () => {
    const details = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i]))
    expect(withDetails(details).details).toEqual(details)
  })
})

describe('work is bounded', () => {
  it.each([
    [
      '64 levels that each hold the next one twice',
      () => {
        let value: unknown = 1
        for (let i = 0; i < 63; i++) value = [value, value]
        return { value }
      },
    ],
    [
      'depth 10,000',
      () => {
        let value: object = {}
        for (let i = 0; i < 10_000; i++) value = { value }
        return value
      },
    ],
    ['a sparse array of 4,000,000,000', () => ({ value: new Array(4_000_000_000) })],
    [
      'a list without an end',
      () => ({
        value: new Proxy([], { get: (_target, key) => (key === 'length' ? Infinity : 1) }),
      }),
    ],
    ['a million keys', () => Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [i, i]))],
    [
      'an endless chain of getters',
      () => {
        const chain = (): object => ({
          get next() {
            return chain()
          },
          get other() {
            return chain()
          },
        })
        return chain()
      },
    ],
    ['a Map of 200,000 keys that have one text', () => new Map(Array.from({ length: 200_000 }, (_, i) => [{}, i]))],
    ['a megabyte of key', () => ({ [`${'k_'.repeat(500_000)}Password`]: 1, ['\ud800'.repeat(500_000)]: 2 })],
  ])('%s', (_name, make) => {
    const details = make()
    const start = performance.now()
    withDetails(details)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
