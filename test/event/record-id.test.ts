import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordIdFrom } from '../../src/event/record-id.ts'
import { AuditError } from '../../src/errors.ts'

describe('recordIdFrom', () => {
  it('gives the same UUID v8 for the same parts, for ever', () => {
    expect(recordIdFrom('invoice-job', 42)).toBe('be150ddf-5258-89a6-b9cc-a1d8efc8fe61')
    expect(recordIdFrom('invoice-job', 42n)).toBe(recordIdFrom('invoice-job', '42'))
  })

  it('is a UUID that an event accepts, and differs for other parts', () => {
    const parts = fc.array(fc.string(), { minLength: 1 })
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(recordIdFrom(...one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(recordIdFrom(...one) === recordIdFrom(...other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
    )
    expect(recordIdFrom('a', 'bc')).not.toBe(recordIdFrom('ab', 'c'))
    expect(recordIdFrom('a1:b')).not.toBe(recordIdFrom('a', 'b'))
  })

  it.each([[[]], [[Number.NaN]], [[undefined]], [[{}]]])('refuses %o', (parts) => {
    expect(() => recordIdFrom(...(parts as string[]))).toThrow(AuditError)
    expect(() => recordIdFrom(...(parts as string[]))).toThrow(/^recordIdFrom/)
  })
})
