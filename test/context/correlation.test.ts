import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correlate, traceIdFromRequestId } from '../../src/context/correlation.ts'
import { AuditError } from '../../src/errors.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { minimal } from '../event/event-samples.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const hashed = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

describe('the correlation of a request id', () => {
  it('beyond 8,192 characters is the same for the id as the record has it, cut, and for the whole', () => {
    const requestId = 'x'.repeat(20_000)
    const { requestId: cut } = createEventPreparer({})({ ...minimal, requestId })
    expect(cut).toHaveLength(8192)
    expect(correlate(cut)).toEqual({ traceId: traceIdFromRequestId(requestId), spanId: '' })
    expect(correlate(`y${String(cut)}`)?.traceId).toBe(hashed(`y${String(cut)}`))
  })

  it.each([
    [`00-${traceId}-${spanId}-01`, traceId, spanId],
    [`00-${traceId}-${spanId}-00`, traceId, spanId],
    [`cc-${traceId}-${spanId}-01`, traceId, spanId],
    [`cc-${traceId}-${spanId}-01-what-comes-later`, traceId, spanId],
    [traceId, traceId, ''],
    [traceId.toUpperCase(), traceId, ''],
    ['0AF76519-16cd-43dd-8448-eb211c80319c', traceId, ''],
  ])('%s is trace %s, span %s', (requestId, trace, span) => {
    expect(correlate(requestId)).toEqual({ traceId: trace, spanId: span })
    expect(traceIdFromRequestId(requestId)).toBe(trace)
  })

  it.each([
    'r-1',
    'é',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    '0'.repeat(32),
    '00000000-0000-0000-0000-000000000000',
    `${traceId}0`,
    '0af76519-16cd-43dd-8448eb211c80319c0',
    '-'.repeat(32),
  ])('%s is hashed', (requestId) => {
    expect(correlate(requestId)).toEqual({ traceId: hashed(requestId), spanId: '' })
  })

  it('is absent without a request id', () => {
    expect(correlate(undefined)).toBeUndefined()
    expect(correlate('')).toBeUndefined()
    expect(() => traceIdFromRequestId('')).toThrow(AuditError)
    expect(() => traceIdFromRequestId('')).toThrow('expected a request id, a non-empty string')
  })

  it('always gives a valid trace id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (requestId) => {
        expect(traceIdFromRequestId(requestId)).toMatch(/^(?!0{32})[0-9a-f]{32}$/)
      }),
    )
  })
})
