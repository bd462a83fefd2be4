import { describe, expect, it } from 'vitest'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { minimal, refusal } from './event-samples.ts'

const prepare = createEventPreparer()

describe('attributes', () => {
  it('are kept in sorted order without null and undefined', () => {
    const { attributes } = prepare({ ...minimal, attributes: { b: 1, a: null, c: undefined, B: [1, 'x'] } })
    expect(Object.entries(attributes)).toEqual([
      ['B', [1, 'x']],
      ['b', 1],
    ])
  })

  it.each([
    [{ 'audit.actor.id': 'x' }, 'attributes is "audit.actor.id"; expected names outside \'audit.\''],
    [{ 'audit.': 1 }, "expected names outside 'audit.'"],
    [{ '': 1 }, 'expected non-empty attribute names'],
    [JSON.parse('{"__proto__":1}') as object, 'expected another name'],
    [{ 'a\ud800': 1 }, 'expected well-formed attribute names'],
    ['text', 'expected an object of attributes'],
  ])('%o are refused', (attributes, message) => {
    const error = refusal({ ...minimal, attributes })
    expect(error.code).toBe('invalid_event')
    expect(error.message).toContain(message)
  })

  it('that throw or can’t be kept show a marker', () => {
    const attributes = {
      a: Number.NaN,
      b: () => 1,
      get c(): unknown {
        throw new Error('no')
      },
    }
    const event = prepare({ ...minimal, attributes })
    expect(event.attributes).toEqual({ a: 'NaN', b: '[Function b]', c: '[Getter threw: Error: no]' })
    expect(event.detailsAltered).toEqual([])
  })

  it('may name the user agent when the field does not say another', () => {
    const attributes = { 'user_agent.original': 'curl/8' }
    expect(prepare({ ...minimal, attributes }).attributes).toEqual(attributes)
    expect(prepare({ ...minimal, attributes, userAgent: 'curl/8' }).userAgent).toBe('curl/8')
    expect(refusal({ ...minimal, attributes, userAgent: 'other' }).message).toContain('the same as userAgent')
  })
})
