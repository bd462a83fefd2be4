import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { describe, expect, it } from 'vitest'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { toLogRecord } from '../../src/event/log-record.ts'
import { minimal } from './event-samples.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const recordId = '11111111-2222-4333-8444-555555555555'
const prepare = createEventPreparer({ now: () => now })
const full = {
  ...minimal,
  recordId,
  details: { before: Number.NaN, token: 'x' },
  ipAddress: '2001:DB8::1',
  userAgent: 'curl/8',
  requestId: 'r-1',
  actorName: 'Ada',
  targetName: 'Shop',
  occurredAt: new Date(now - 1),
}

describe('the log record of an event', () => {
  it('has the attributes of the table and the details as its body', () => {
    expect(toLogRecord(prepare(full))).toStrictEqual({
      eventName: 'admin.store.create',
      timestamp: [1767323045, 677_000_000],
      observedTimestamp: [1767323045, 678_000_000],
      attributes: {
        'audit.action': 'create_store',
        'audit.actor.id': 'u1',
        'audit.actor.name': 'Ada',
        'audit.actor.type': 'user',
        'audit.details.altered': ['/before'],
        'audit.details.redacted': ['/token'],
        'audit.outcome': 'success',
        'audit.record.id': recordId,
        'audit.request.id': 'r-1',
        'audit.schema.version': '1.0.0',
        'audit.source.id': '2001:db8::1',
        'audit.source.type': 'ipv6',
        'audit.target.id': 's1',
        'audit.target.name': 'Shop',
        'audit.target.type': 'store',
        'user_agent.original': 'curl/8',
      },
      body: { before: 'NaN', token: '[REDACTED]' },
    })
  })

  it('leaves out what is absent, and the body when there are no details', () => {
    const record = toLogRecord(prepare({ ...minimal, details: {}, recordId }))
    expect(record.body).toBeUndefined()
    expect(Object.keys(record.attributes)).toEqual([
      'audit.action',
      'audit.actor.id',
      'audit.actor.type',
      'audit.outcome',
      'audit.record.id',
      'audit.schema.version',
      'audit.target.id',
      'audit.target.type',
    ])
  })

  it.each([
    { 'zone.id': 1, 'tenant.id': 't', audit: 1, 'audit-x': 2, Z: 3 },
    { 'user_agent.name': 'x', 'user_agent.z': 'y', v: 1 },
    { 'tenant.id': 't' },
    { a: 1 },
  ])('has its keys in UTF-16 order with the caller’s %o merged in', (attributes) => {
    for (const input of [full, minimal, { ...full, occurredAt: new Date(now + 60_000) }]) {
      const event = prepare({ ...input, attributes })
      const keys = Object.keys(toLogRecord(event).attributes)
      expect(keys).toEqual([...keys].sort())
      expect(toLogRecord(event).attributes).toMatchObject(attributes)
    }
  })

  it('carries a claimed moment in the future', () => {
    const { attributes, timestamp, observedTimestamp } = toLogRecord(
      prepare({ ...minimal, occurredAt: new Date(now + 1000) }),
    )
    expect(attributes['audit.timestamp.claimed']).toBe('2026-01-02T03:04:06.678Z')
    expect(timestamp).toEqual(observedTimestamp)
  })

  it('passes OpenTelemetry’s SDK whole', () => {
    const seen: ReadableLogRecord[] = []
    const provider = new LoggerProvider({
      logRecordLimits: { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity },
      processors: [
        {
          onEmit: (record) => void seen.push(record),
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    })
    const attributes = {
      big: 2n ** 60n,
      odd: { constructor: 1, list: [{ a: 2n ** 60n }] },
      proto: JSON.parse('[{"__proto__":{"a":1}}]') as unknown,
      date: new Date(0),
      map: new Map([['a', new Set([1])]]),
      error: new TypeError('bad'),
      fine: { a: [1, null, 'x', Uint8Array.of(1)] },
      constructor: 'kept',
      ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i])),
    }
    const { attributes: own } = prepare({ ...minimal, attributes })
    expect(own).toMatchObject({
      big: '1152921504606846976',
      odd: '{"constructor":1,"list":[{"a":1152921504606846976}]}',
      proto: '[{"__proto__":{"a":1}}]',
      date: '1970-01-01T00:00:00.000Z',
      map: { a: [1] },
      error: { type: 'TypeError', message: 'bad' },
      fine: { a: [1, null, 'x', Uint8Array.of(1)] },
    })
    const record = toLogRecord(prepare({ ...full, attributes }))
    provider.getLogger('audit').emit(record)
    expect(seen).toHaveLength(1)
    expect(Object.entries(seen[0]!.attributes)).toEqual(Object.entries(record.attributes))
    expect(seen[0]!.body).toBe(record.body)
    expect(seen[0]!.hrTime).toEqual(record.timestamp)
    expect(seen[0]!.droppedAttributesCount).toBe(0)
  })
})
