import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { describe, expect, it } from 'vitest'
import { memoryProvider } from '../../src/providers/index.ts'
import { sampleAuditEvent, sampleLogRecord } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'

describe('memoryProvider', () => {
  it('keeps event and record, oldest first, and finds them', async () => {
    const memory = memoryProvider()
    const driver = new SlotDriver(memory)
    const first = sampleAuditEvent({ action: 'create_store' })
    const second = sampleAuditEvent({ action: 'delete_store' })
    await driver.put(first).outcome
    await driver.put(second).outcome
    expect(memory.events()).toEqual([first, second])
    expect(memory.records()[0]?.record.attributes['audit.action']).toBe('create_store')
    expect(memory.find({ action: 'delete_store' })?.event).toBe(second)
    expect(memory.find({ action: 'delete_store', recordId: first.recordId })).toBeUndefined()
    expect(memory.find((event, record) => event === first && record.eventName === first.eventName)?.event).toBe(first)
    expect(memory.filter({ targetType: 'store' })).toHaveLength(2)
  })

  it('hands out copies of its list, and forgets on clear', async () => {
    const memory = memoryProvider()
    const driver = new SlotDriver(memory)
    await driver.put(sampleAuditEvent()).outcome
    const before = memory.records()
    memory.clear()
    expect(before).toHaveLength(1)
    expect(memory.records()).toEqual([])
  })

  it('takes audit records only in a plain LoggerProvider, and reads the event from the record', () => {
    const memory = memoryProvider()
    const logs = new LoggerProvider({ processors: [memory] })
    const event = sampleAuditEvent({ details: { a: 1 }, occurredAt: new Date('2026-11-24T01:02:03.456Z') })
    logs.getLogger('app').emit({ body: 'an ordinary log' })
    logs.getLogger('app').emit(sampleLogRecord(event))
    expect(memory.events()).toEqual([event])
  })

  it('stays readable after shutdown and takes no more', async () => {
    const memory = memoryProvider()
    const driver = new SlotDriver(memory)
    await driver.put(sampleAuditEvent()).outcome
    await memory.shutdown()
    expect(await driver.put(sampleAuditEvent()).outcome).toMatchObject({ ok: false, error: { code: 'shut_down' } })
    expect(memory.records()).toHaveLength(1)
  })
})
