import { describe, expect, it, vi } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { minimal, refusal } from './event-samples.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const prepare = createEventPreparer({ now: () => now, newId: () => '11111111-2222-4333-8444-555555555555' })

describe('a minimal event', () => {
  it('is completed with defaults and leaves absent fields out', () => {
    expect(prepare(minimal)).toStrictEqual({
      recordId: '11111111-2222-4333-8444-555555555555',
      eventName: 'admin.store.create',
      adminUserId: 'u1',
      actorType: 'user',
      action: 'create_store',
      outcome: 'success',
      targetType: 'store',
      targetId: 's1',
      details: {},
      occurredAt: new Date(now),
      observedAt: new Date(now),
      attributes: {},
      detailsAltered: [],
      detailsRedacted: [],
    })
  })

  it('gets a UUID v4 of its own each time', () => {
    const own = createEventPreparer()
    const ids = [own(minimal).recordId, own(minimal).recordId]
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  it('is frozen, its details at any depth', () => {
    const event = prepare({ ...minimal, details: { a: { b: [{ c: 1 }] } }, attributes: { x: ['y'] } })
    const { a } = event.details as { a: { b: object[] } }
    for (const part of [event, event.details, a, a.b, a.b[0], event.attributes, event.attributes['x']]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    for (const list of [event.detailsAltered, event.detailsRedacted]) expect(Object.isFrozen(list)).toBe(true)
  })

  it('does not see what the caller changes later', () => {
    const details = { list: [1], bytes: Uint8Array.of(1) }
    const occurredAt = new Date(5000)
    const event = prepare({ ...minimal, details, occurredAt })
    details.list.push(2)
    details.bytes[0] = 9
    occurredAt.setTime(0)
    expect(event.details).toEqual({ list: [1], bytes: Uint8Array.of(1) })
    expect(event.occurredAt.getTime()).toBe(5000)
  })
})

describe('mandatory fields', () => {
  it.each([
    [7, '7'],
    [7n, '7'],
    [0, '0'],
    [2n ** 70n, '1180591620717411303424'],
    ['é', 'é'],
    ['a\ud800', 'a\ufffd'],
  ])('an id %o becomes the text %s', (id, text) => {
    const event = prepare({ ...minimal, adminUserId: id, targetId: id })
    expect([event.adminUserId, event.targetId]).toEqual([text, text])
  })

  it.each([
    ['adminUserId', undefined, 'undefined'],
    ['adminUserId', '', '""'],
    ['adminUserId', '  ', '"  "'],
    ['adminUserId', null, 'null'],
    ['adminUserId', Number.NaN, 'NaN'],
    ['adminUserId', true, 'true'],
    ['adminUserId', { id: 1 }, 'an object (Object)'],
    ['targetId', new Date(0), 'an object (Date)'],
    ['targetId', undefined, 'undefined'],
    ['action', 7, '7'],
    ['action', '', '""'],
    ['targetType', undefined, 'undefined'],
    ['targetType', () => 1, 'a function'],
  ])('%s %o is refused, and the message says so', (field, value, found) => {
    const error = refusal({ ...minimal, [field]: value })
    expect(error.code).toBe('invalid_event')
    expect(error.message).toContain(`${field} is ${found}; expected a non-empty string`)
  })

  it('an empty actor is told how to say that it is unknown (rule R7)', () => {
    expect(refusal({ ...minimal, adminUserId: '' }).message).toContain("pass 'anonymous' or 'unknown'")
  })

  it.each([undefined, null, 'event', 7, () => minimal])('an input %o is refused', (input) => {
    expect(refusal(input)).toMatchObject({ code: 'invalid_event' })
    expect(refusal(input).message).toContain('the event is ')
  })

  it('texts beyond 8,192 characters are refused, because cutting would change who and what', () => {
    const error = refusal({ ...minimal, targetId: 'x'.repeat(8193) })
    expect(error.message).toContain('at most 8192 characters (found 8193)')
    expect(prepare({ ...minimal, targetId: 'x'.repeat(8192) }).targetId).toHaveLength(8192)
  })
})

describe('optional fields', () => {
  it.each([null, undefined, ''])('%o means absent', (absent) => {
    const names = ['ipAddress', 'userAgent', 'requestId', 'actorName', 'targetName', 'eventName', 'recordId']
    const input = Object.fromEntries([...names, 'outcome', 'actorType'].map((name) => [name, absent]))
    expect(prepare({ ...minimal, ...input })).toStrictEqual(prepare(minimal))
  })

  it('an address of white space alone is absent', () => {
    expect(prepare({ ...minimal, ipAddress: ' ' })).toStrictEqual(prepare(minimal))
  })

  it('are kept', () => {
    const fields = { userAgent: 'curl/8', requestId: 'r-1', actorName: 'Ada', targetName: 'Shop', outcome: 'failure' }
    const event = prepare({ ...minimal, ...fields, actorType: 'service', ipAddress: '::ffff:10.0.0.1' })
    expect(event).toMatchObject({ ...fields, actorType: 'service', ipAddress: '10.0.0.1', sourceType: 'ipv4' })
  })

  it.each([
    ['outcome', 'ok', `outcome is "ok"; expected 'success', 'failure', 'unknown'`],
    ['actorType', 'robot', `actorType is "robot"; expected 'user', 'service', 'system'`],
    ['userAgent', ['a'], 'userAgent is an object (Array); expected a string, null or undefined'],
    ['requestId', 5, 'requestId is 5; expected a string'],
    ['recordId', 'abc', 'recordId is "abc"; expected a UUID'],
    ['recordId', '00000000-0000-0000-0000-000000000000', 'expected a UUID'],
    ['eventName', 'login', 'expected at least two parts'],
    ['details', 'text', 'details is "text"; expected an object, null or undefined'],
    ['attributes', ['a'], 'attributes is an object (Array); expected an object of attributes'],
    ['occurredAt', new Date(Number.NaN), 'occurredAt is an object (Date); expected a valid Date'],
    ['occurredAt', '2026-01-01', 'occurredAt is "2026-01-01"; expected a valid Date'],
    ['occurredAt', new Date(-1), 'occurredAt is "1969-12-31T23:59:59.999Z"; expected a valid Date'],
  ])('a wrong %s %o is refused, and the message says why', (field, value, message) => {
    const error = refusal({ ...minimal, [field]: value })
    expect(error.code).toBe('invalid_event')
    expect(error.message).toContain(message)
  })

  it('a record id of any UUID version is kept in lower case', () => {
    const id = '01890A5D-AC96-774B-BCCE-B302099A8057'
    expect(prepare({ ...minimal, recordId: id }).recordId).toBe(id.toLowerCase())
  })

  it('a text beyond 8,192 characters is cut and tells its length and hash', () => {
    const { userAgent } = prepare({ ...minimal, userAgent: 'x'.repeat(2_000_000) })
    expect(userAgent).toHaveLength(8192)
    expect(userAgent).toMatch(/^x+ \[cut from 2000000 characters, SHA-256 [0-9a-f]{64}\]$/)
  })
})

describe('reading the input', () => {
  it('reads every field once', () => {
    const reads = new Map<PropertyKey, number>()
    const input = new Proxy(
      { ...minimal, details: {}, attributes: {}, userAgent: 'x', occurredAt: new Date(1000) },
      {
        get(target, key) {
          reads.set(key, (reads.get(key) ?? 0) + 1)
          return Reflect.get(target, key) as unknown
        },
      },
    )
    prepare(input)
    expect(reads.size).toBe(16)
    expect([...reads.values()].every((count) => count === 1)).toBe(true)
  })

  it('a field that throws refuses the event and keeps the cause', () => {
    const cause = new RangeError('boom')
    const error = refusal({
      ...minimal,
      get action(): string {
        throw cause
      },
    })
    expect(error).toMatchObject({ code: 'invalid_event', cause })
    expect(error.message).toContain('RangeError: boom')
  })

  it('a revoked proxy is refused', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(refusal(proxy).code).toBe('invalid_event')
    expect(refusal({ ...minimal, attributes: proxy }).code).toBe('invalid_event')
  })

  it('a getter in the details may itself prepare an event', () => {
    const details = {
      first: Number.NaN,
      get second(): unknown {
        return prepare({ ...minimal, details: { inner: [Number.NaN] } }).detailsAltered
      },
      third: Number.NaN,
    }
    const event = prepare({ ...minimal, details })
    expect(event.details).toEqual({ first: 'NaN', second: ['/inner/0'], third: 'NaN' })
    expect(event.detailsAltered).toEqual(['/first', '/third'])
  })

  it('what was refused leaves no trace in the next event', () => {
    const attributes = { a: Number.NaN, 'user_agent.original': 'x' }
    expect(() => prepare({ ...minimal, userAgent: 'y', attributes })).toThrow(AuditError)
    expect(prepare({ ...minimal, details: { b: 1 } }).detailsAltered).toEqual([])
  })
})

describe('time (rules R1, P12)', () => {
  it('a moment in the future is clamped, kept as a claim, and warned of', () => {
    const warn = vi.fn<(message: string) => void>()
    const event = createEventPreparer({ now: () => now, warn })({ ...minimal, occurredAt: new Date(now + 1) })
    expect(event.occurredAt).toEqual(event.observedAt)
    expect(event.attributes).toEqual({ 'audit.timestamp.claimed': '2026-01-02T03:04:05.679Z' })
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('1 ms in the future'))
  })

  it.each([
    [5000, 0],
    [5001, 1],
  ])('a moment %i ms ago is kept, with %i warnings', (ago, warnings) => {
    const warn = vi.fn<(message: string) => void>()
    const event = createEventPreparer({ now: () => now, warn })({ ...minimal, occurredAt: new Date(now - ago) })
    expect(event.occurredAt.getTime()).toBe(now - ago)
    expect(event.observedAt.getTime()).toBe(now)
    expect(warn).toHaveBeenCalledTimes(warnings)
  })
})
