import { SeverityNumber, type Context } from '@opentelemetry/api'
import type { LogRecordProcessor, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { expect, it } from 'vitest'
import { getAuditDelivery, type AuditProblem } from '../../src/index.ts'
import { event, FakeProvider } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

function enricher(onEmit: (record: ReadWriteLogRecord, context?: Context) => void): LogRecordProcessor {
  return { onEmit, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() }
}

async function enriched(
  onEmit: (record: ReadWriteLogRecord, context?: Context) => void,
): Promise<{ record: ReadWriteLogRecord; problems: AuditProblem[] }> {
  const disk = new FakeProvider('disk')
  const { logger, problems } = makeLogger({ providers: [disk], enrichers: [enricher(onEmit)] })
  expect(await logger.logAction({ ...event, details: { a: 1 }, requestId: 'abc' })).toBe(true)
  const [record] = disk.records
  if (record === undefined) throw new Error('no record')
  return { record, problems }
}

it('an enricher adds attributes before any provider sees the record', async () => {
  const { record, problems } = await enriched((r) => {
    r.setAttribute('k8s.pod.name', 'shop-1')
    r.setAttribute('audit.target.name', 'Corner shop')
  })
  expect(record.attributes['k8s.pod.name']).toBe('shop-1')
  expect(record.attributes['audit.target.name']).toBe('Corner shop')
  expect(problems).toEqual([])
})

it.each([
  ['changes an attribute', (r) => r.setAttribute('audit.actor.id', 'root'), 'audit.actor.id'],
  ['changes an attribute in place', (r) => (r.attributes['audit.action'] = 'x'), 'audit.action'],
  ['removes an attribute', (r) => delete r.attributes['audit.outcome'], 'audit.outcome'],
  ['replaces all attributes', (r) => Object.assign(r, { attributes: {} }), 'audit.record.id'],
  ['changes the body', (r) => r.setBody('gone'), 'body'],
  ['changes the event name', (r) => r.setEventName('x.y'), 'eventName'],
  ['changes the time', (r) => (r.hrTime = [1, 0]), 'hrTime'],
  ['changes the time in place', (r) => (r.hrTimeObserved[0] = 1), 'hrTimeObserved'],
  ['sets a severity', (r) => r.setSeverityNumber(SeverityNumber.INFO).setSeverityText('INFO'), 'severityNumber'],
  [
    'changes the trace',
    (r) => (r.spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
    'spanContext',
  ],
  ['changes the trace in place', (r) => Object.assign(r.spanContext ?? {}, { traceId: 'f'.repeat(32) }), 'spanContext'],
  ['forges the chain', (r) => r.setAttribute('audit.sequence.number', 7), 'audit.sequence.number'],
] as const satisfies readonly (readonly [string, (record: ReadWriteLogRecord) => unknown, string])[])(
  'an enricher that %s is undone and reported (rule P6)',
  async (_what, change, name) => {
    const plain = await enriched(() => undefined)
    const { record, problems } = await enriched((r) => void change(r))
    const { 'audit.record.id': id, ...attributes } = record.attributes
    const { 'audit.record.id': plainId, ...plainAttributes } = plain.record.attributes
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(plainId).not.toBe(id)
    expect(attributes).toEqual(plainAttributes)
    expect(record.body).toEqual({ a: 1 })
    expect(record.eventName).toBe('admin.store.create')
    expect(record.hrTime[0]).toBeGreaterThan(1_000_000)
    expect(record.hrTimeObserved[0]).toBeGreaterThan(1_000_000)
    expect(record.severityNumber).toBeUndefined()
    expect(record.severityText).toBeUndefined()
    expect(record.spanContext).toEqual(plain.record.spanContext)
    expect(problems[0]?.message).toContain('may only add attributes; undone: ')
    expect(problems[0]?.message).toContain(name)
  },
)

it('an enricher that throws or rejects is reported and passed over', async () => {
  const { problems } = await enriched(() => {
    throw new Error('no pod')
  })
  expect(problems[0]?.message).toContain('An audit enricher failed: no pod')
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the mistake is what is tested
  const later = await enriched(async () => {
    await Promise.resolve()
    throw new Error('later')
  })
  expect(later.problems[0]?.message).toContain('later')
})

it('a value that an enricher assigns past the SDK goes through its check', async () => {
  const { record } = await enriched((r) => {
    r.attributes['bad'] = new Date()
    r.attributes['good'] = 'kept'
  })
  expect(record.attributes).not.toHaveProperty('bad')
  expect(record.attributes['good']).toBe('kept')
})

it('an enricher has no slot to acknowledge', async () => {
  let found: unknown = 'unset'
  await enriched((_record, context) => (found = getAuditDelivery(context)))
  expect(found).toBeUndefined()
})
