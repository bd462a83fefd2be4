import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT_CONTEXT, SeverityNumber, trace, type AnyValue, type Attributes } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { LogRecordProcessor, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { expect, it } from 'vitest'
import { databaseProvider, memoryProvider, sqlFor } from '../../src/providers/index.ts'
import type { AuditDelivery } from '../../src/index.ts'
import { event, FakeProvider, yes } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

const occurredAt = new Date('2026-11-24T01:02:03.456Z')
const traced = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
const forgedId = 'f'.repeat(32)

type Mutable = Record<string, unknown> & unknown[]

/** Everything that a provider can reach from its slot and its record, and what it would rather have there. */
const forgeries: Record<string, (delivery: AuditDelivery, record: ReadWriteLogRecord) => unknown> = {
  occurredAt: ({ event: { occurredAt: date } }) => date.setTime(0),
  observedAt: ({ event: { observedAt: date } }) => Date.prototype.setTime.call(date, 0),
  'event details': ({ event: { details } }) => ((details as Mutable)['bytes'] = 'forged'),
  'event bytes': ({ event: { details } }) => (details['bytes'] as Uint8Array).fill(9),
  'event attribute bytes': ({ event: { attributes } }) => (attributes['key.bytes'] as Uint8Array).fill(9),
  hrTime: (_, record) => (record.hrTime[0] = 5),
  hrTimeObserved: (_, record) => record.hrTimeObserved.fill(5),
  'span context': (_, { spanContext }) => ((spanContext as { traceId: string }).traceId = forgedId),
  'another span context': (_, record) => (record.spanContext = { ...traced, traceId: forgedId }),
  'body bytes': (_, { body }) => ((body as Mutable)['bytes'] as Uint8Array).fill(9),
  body: (_, record) => (record.body = 'forged'),
  setBody: (_, record) => record.setBody('forged'),
  attribute: (_, { attributes }) => (attributes['audit.actor.id'] = 'forged'),
  setAttribute: (_, record) => record.setAttribute('audit.actor.id', 'forged'),
  'attribute bytes': (_, { attributes }) => (attributes['key.bytes'] as Uint8Array).fill(9),
  'nested attribute': (_, { attributes }) => (attributes['enriched'] as string[]).push('forged'),
  attributes: (_, record) => ((record as { attributes: Attributes }).attributes = {}),
  eventName: (_, record) => (record.eventName = 'forged.forged'),
  severity: (_, record) => (record.severityNumber = SeverityNumber.INFO),
  scope: (_, { instrumentationScope }) => ((instrumentationScope as { name: string }).name = 'forged'),
  'resource attributes': (_, { resource }) => (resource.attributes['service.name'] = 'forged'),
  'resource lists': (_, { resource }) => (resource.attributes['tags'] as string[]).push('forged'),
  'raw resource attributes': (_, { resource }) => (resource.getRawAttributes()[0]![1] = 'forged'),
}

function forgeAll(delivery: AuditDelivery, record: ReadWriteLogRecord): void {
  for (const forge of Object.values(forgeries)) {
    try {
      forge(delivery, record)
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(TypeError)
    }
  }
  yes(delivery, record)
}

const input = {
  ...event,
  occurredAt,
  details: { bytes: new Uint8Array([1, 2]), ['__proto__']: { deep: [new Uint8Array([3])] } },
  attributes: { 'key.bytes': new Uint8Array([4]) as AnyValue },
}
const enricher: LogRecordProcessor = {
  onEmit: (record) => void record.setAttribute('enriched', ['a']),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}

it('whatever a provider does to what it was given, the providers after it get what the caller gave', async () => {
  const db = new DatabaseSync(':memory:')
  db.exec(sqlFor({ dialect: 'sqlite' }))
  const memory = memoryProvider()
  const tags = ['one']
  const resource = resourceFromAttributes({ 'service.name': 'shop', tags })
  const span = { ...traced }
  const { logger } = makeLogger({
    resource,
    enrichers: [enricher],
    providers: [new FakeProvider('evil', forgeAll), memory, databaseProvider({ dialect: 'sqlite' })],
  })
  const options = { db, context: trace.setSpanContext(ROOT_CONTEXT, span) }
  for (let n = 0; n < 2; n += 1) {
    const receipt = await logger.emit(input, options)
    expect(Object.values(receipt.backends)).toEqual([{ ok: true }, { ok: true }, { ok: true }])
  }
  for (const row of db.prepare('SELECT * FROM admin_audit_log').all()) {
    expect(row).toMatchObject({ created_at: occurredAt.toISOString(), trace_id: traced.traceId, admin_user_id: '7' })
    expect(row['details']).toContain('{"bytes":{"bytesValue":"AQI="}')
  }
  expect(memory.records()).toHaveLength(2)
  for (const { event: kept, record } of memory.records()) {
    expect(kept.occurredAt).toEqual(occurredAt)
    expect(kept.observedAt.getTime()).toBeGreaterThan(occurredAt.getTime() - 1)
    expect(kept.details).toEqual(record.body)
    expect(Object.entries(kept.details)).toEqual(Object.entries(input.details))
    expect(kept.attributes).toEqual(input.attributes)
    expect(record.hrTime).toEqual([occurredAt.getTime() / 1000 - 0.456, 456_000_000])
    expect(record.hrTimeObserved[0]).toBe(Math.floor(kept.observedAt.getTime() / 1000))
    expect(record).toMatchObject({ spanContext: traced, eventName: 'admin.store.create' })
    expect(record.severityNumber).toBeUndefined()
    expect(record.attributes).toMatchObject({ 'audit.actor.id': '7', enriched: ['a'], ...input.attributes })
    expect(record.instrumentationScope.name).toBe('otel-audit')
    expect(record.resource.attributes).toEqual({ 'service.name': 'shop', tags: ['one'] })
  }
  expect([span, tags]).toEqual([traced, ['one']])
  expect(resource.getRawAttributes()).toContainEqual(['service.name', 'shop'])
  expect(resource.attributes).toEqual({ 'service.name': 'shop', tags: ['one'] })
  expect(Object.isFrozen(resource.attributes) || Object.isFrozen(tags) || Object.isFrozen(span)).toBe(false)
})

it('what has no bytes in it is one record for all providers, and no provider can change it either', async () => {
  const [evil, good] = [new FakeProvider('evil', forgeAll), new FakeProvider('good')]
  const { logger } = makeLogger({ providers: [evil, good] })
  const context = trace.setSpanContext(ROOT_CONTEXT, traced)
  await logger.emit({ ...event, occurredAt, details: { a: [1] } }, { context })
  const [record] = good.records
  expect(record).toBe(evil.records[0])
  expect(record).toMatchObject({ body: { a: [1] }, eventName: 'admin.store.create', spanContext: traced })
  expect(record?.attributes['audit.actor.id']).toBe('7')
  expect(record?.severityNumber).toBeUndefined()
  expect(good.seen[0]?.event.occurredAt).toEqual(occurredAt)
  // Exporters group records by their Resource object.
  await logger.emit(input)
  expect(good.records[1]).not.toBe(evil.records[1])
  expect(good.records[1]?.resource).toBe(record?.resource)
})

it('a provider that stands alone cannot reach the caller’s span, Resource or next record', async () => {
  const resource = resourceFromAttributes({ 'service.name': 'shop', tags: ['one'] })
  const span = { ...traced }
  const evil = new FakeProvider('evil', forgeAll)
  const { logger } = makeLogger({ resource, providers: [evil], enrichers: [enricher] })
  await logger.emit(input, { context: trace.setSpanContext(ROOT_CONTEXT, span) })
  await logger.emit(event)
  expect(span).toEqual(traced)
  expect(resource.attributes).toEqual({ 'service.name': 'shop', tags: ['one'] })
  expect(evil.records[1]?.instrumentationScope.name).toBe('otel-audit')
  expect(input.details.bytes).toEqual(new Uint8Array([1, 2]))
})

it('a provider whose factory comes back late gets what the caller gave', async () => {
  const late = memoryProvider({ backend: 'late' })
  const { logger } = makeLogger({
    providers: [new FakeProvider('evil', forgeAll)],
    modules: [{ code: 'm', auditProvider: () => sleep(5).then(() => late) }],
  })
  await logger.emit(input)
  const [kept] = late.records()
  expect(kept?.event).toMatchObject({ occurredAt, details: { bytes: new Uint8Array([1, 2]) } })
  expect(kept?.record).toMatchObject({ body: { bytes: new Uint8Array([1, 2]) }, eventName: 'admin.store.create' })
})

it('a Resource whose attributes are still pending is there in full when they have come', async () => {
  const keeper = new FakeProvider('keeper')
  const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.id': sleep(5).then(() => 'h1') })
  const { logger } = makeLogger({ resource, providers: [keeper, new FakeProvider('other')] })
  await logger.emit(event)
  const seen = keeper.records[0]?.resource
  expect(seen?.asyncAttributesPending).toBe(true)
  expect(seen?.attributes).toEqual({ 'service.name': 'shop' })
  await seen?.waitForAsyncAttributes?.()
  expect(seen?.attributes).toEqual({ 'service.name': 'shop', 'host.id': 'h1' })
  expect(seen?.merge(resourceFromAttributes({ more: 1 })).attributes).toMatchObject({ 'host.id': 'h1', more: 1 })
  await logger.emit(event)
  expect(keeper.records[1]?.resource).toBe(seen)
})
