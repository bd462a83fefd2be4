import { describe, expect, it } from 'vitest'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { eventContentHash } from '../../src/event/event-content.ts'
import { minimal } from './event-samples.ts'

let clock = 1_000_000
const prepare = createEventPreparer({ now: () => (clock += 1000) })
const hashOf = (fields: object): string => eventContentHash(prepare({ ...minimal, ...fields }))

describe('the content hash (rule W2)', () => {
  it('leaves out record id and times', () => {
    const plain = hashOf({ details: { a: 1, b: 2 } })
    expect(plain).toMatch(/^[0-9a-f]{64}$/)
    expect(hashOf({ details: { b: 2, a: 1 } })).toBe(plain)
    expect(hashOf({ details: { a: 1, b: 2 }, occurredAt: new Date(5) })).toBe(plain)
    expect(hashOf({ details: { a: 1, b: 2 }, occurredAt: new Date(2e12) })).toBe(plain)
  })

  it.each([
    { adminUserId: 'u2' },
    { action: 'delete_store' },
    { targetType: 'shop' },
    { targetId: 's2' },
    { outcome: 'failure' },
    { actorType: 'system' },
    { actorName: 'x' },
    { targetName: 'x' },
    { ipAddress: '10.0.0.1' },
    { userAgent: 'x' },
    { requestId: 'x' },
    { eventName: 'a.b' },
    { details: { a: 1 } },
    { attributes: { a: 1 } },
  ])('covers %o', (fields) => {
    expect(hashOf(fields)).not.toBe(hashOf({}))
  })

  it.each([
    [1, '1'],
    [2n ** 60n, '1152921504606846976'],
    [2n ** 60n, 2 ** 60],
    [Uint8Array.of(97), 'YQ=='],
    [Uint8Array.of(97), { bytes: ['YQ=='] }],
    [null, undefined],
    [{ 'audit.timestamp.claimed': 1 }, {}],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
  ])('tells %o from %o', (one, other) => {
    expect(hashOf({ details: { value: one } })).not.toBe(hashOf({ details: { value: other } }))
  })
})
