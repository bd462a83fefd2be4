import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  SimpleLogRecordProcessor,
  type LogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { describe, expect, it, vi } from 'vitest'
import { getAuditDelivery } from '../../src/aggregator/audit-provider.ts'
import { processorProvider } from '../../src/providers/index.ts'
import { sampleAuditEvent } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'
import { thrownBy } from './audit-errors.ts'

function processorThat(act: Partial<LogRecordProcessor>): LogRecordProcessor {
  return { onEmit: () => undefined, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve(), ...act }
}

describe('processorProvider', () => {
  it('hands records to a SimpleLogRecordProcessor and confirms', async () => {
    const exporter = new InMemoryLogRecordExporter()
    const driver = new SlotDriver(processorProvider('simple', new SimpleLogRecordProcessor({ exporter })))
    const event = sampleAuditEvent({ details: { big: 2n ** 62n } })
    expect(await driver.put(event).outcome).toEqual({ ok: true })
    driver.putPlain({ body: 'an ordinary log' })
    await vi.waitFor(() => expect(exporter.getFinishedLogRecords()).toHaveLength(1))
    const [record] = exporter.getFinishedLogRecords()
    expect(record).toMatchObject({ eventName: 'admin.store.create', body: { big: '4611686018427387904' } })
    expect(record?.attributes['audit.record.id']).toBe(event.recordId)
  })

  it('flushes a BatchLogRecordProcessor', async () => {
    const exporter = new InMemoryLogRecordExporter()
    const provider = processorProvider('batch', new BatchLogRecordProcessor({ exporter, scheduledDelayMillis: 60_000 }))
    const driver = new SlotDriver(provider)
    for (let n = 0; n < 3; n += 1) void driver.put(sampleAuditEvent())
    await provider.forceFlush()
    expect(exporter.getFinishedLogRecords()).toHaveLength(3)
  })

  it('keeps its slot to itself and what the processor writes away from others', async () => {
    const seen: unknown[] = []
    const driver = new SlotDriver(
      processorProvider(
        'writer',
        processorThat({
          onEmit: (record, context) => {
            seen.push(getAuditDelivery(context))
            record.setAttribute('mine', 1).setAttributes({ 'audit.actor.id': 'forged' }).setBody('x').setEventName('y')
            seen.push(record.attributes['audit.actor.id'], record.body, record.eventName)
            record.hrTime[0] = 1
            record.hrTimeObserved[0] = 1
          },
        }),
      ),
    )
    const put = driver.put(sampleAuditEvent())
    expect(await put.outcome).toEqual({ ok: true })
    expect(seen).toEqual([undefined, 'forged', 'x', 'y'])
    expect(put.now()).toEqual(put.before)
    expect(put.acknowledgements()).toBe(1)
  })

  it('fails the slot when onEmit throws, and throws nothing itself', async () => {
    const driver = new SlotDriver(
      processorProvider(
        'faulty',
        processorThat({
          onEmit: () => {
            throw new Error('boom')
          },
        }),
      ),
    )
    const put = driver.put(sampleAuditEvent())
    expect(put.thrown).toBeUndefined()
    expect(await put.outcome).toMatchObject({
      ok: false,
      error: { code: 'provider_failed', message: 'audit provider "faulty": onEmit of the processor threw: boom' },
    })
  })

  it('gives a copy that may be written to however deep', async () => {
    const writer = processorThat({
      onEmit: (record) => {
        const { list, bytes } = record.body as { list: string[]; bytes: Uint8Array }
        list.push('forged')
        bytes.fill(9)
      },
    })
    const put = new SlotDriver(processorProvider('writer', writer)).put(
      sampleAuditEvent({ details: { list: ['a'], bytes: new Uint8Array([1]) } }),
    )
    expect(await put.outcome).toEqual({ ok: true })
    expect(put.now()).toEqual(put.before)
    expect(put.before).toMatchObject({ body: { list: ['a'], bytes: new Uint8Array([1]) } })
  })

  it('confirms an async onEmit when it is done, and fails the slot when it rejects', async () => {
    let done: () => void = () => undefined
    let settled = false
    let answer = (): unknown => new Promise<void>((resolve) => (done = resolve))
    const driver = new SlotDriver(processorProvider('slow', processorThat({ onEmit: () => answer() })))
    const put = driver.put(sampleAuditEvent())
    void put.outcome.then(() => (settled = true))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(settled).toBe(false)
    done()
    expect(await put.outcome).toEqual({ ok: true })
    answer = () => Promise.reject(new Error('boom'))
    const failed = driver.put(sampleAuditEvent())
    expect(failed.thrown).toBeUndefined()
    expect(await failed.outcome).toMatchObject({
      error: { code: 'provider_failed', message: 'audit provider "slow": onEmit of the processor rejected: boom' },
    })
  })

  it('shuts the processor down once, and refuses later records', async () => {
    const shutdown = vi.fn(() => Promise.resolve())
    const provider = processorProvider('once', processorThat({ shutdown }))
    await Promise.all([provider.shutdown(), provider.shutdown()])
    expect(shutdown).toHaveBeenCalledTimes(1)
    expect(await new SlotDriver(provider).put(sampleAuditEvent()).outcome).toMatchObject({
      error: { code: 'shut_down' },
    })
  })

  it('does not hang with a processor that never flushes', async () => {
    const provider = processorProvider('hanging', processorThat({ forceFlush: () => new Promise(() => undefined) }))
    await expect(provider.forceFlush({ timeoutMillis: 20 })).rejects.toMatchObject({ code: 'provider_timeout' })
  })

  it('refuses what is no processor', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const value of [{}, proxy]) {
      expect(thrownBy(() => processorProvider('x', value as LogRecordProcessor))).toContain(
        'bad_config: processorProvider: "x" needs a LogRecordProcessor',
      )
    }
  })
})
