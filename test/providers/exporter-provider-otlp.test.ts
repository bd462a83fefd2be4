import { logs } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OtlpAnyValue } from '../../src/otlp/otlp-log-record.ts'
import { exporterProvider } from '../../src/providers/index.ts'
import { sampleAuditEvent, sampleLogRecord } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'
import { failureOf } from './audit-errors.ts'
import { startReceiver, type OtlpReceiver } from './otlp-receiver.ts'

describe('exporterProvider with OTLPLogExporter against a real HTTP receiver', () => {
  let receiver: OtlpReceiver

  beforeEach(async () => {
    receiver = await startReceiver()
  })

  afterEach(async () => {
    await receiver.close()
  })

  it('delivers the whole record and confirms it from the export callback', async () => {
    const driver = new SlotDriver(exporterProvider('otlp', new OTLPLogExporter({ url: receiver.url })))
    const keys = JSON.parse('{"__proto__":{"x":1},"constructor":"kept","list":[1,"two",null]}') as object
    const event = sampleAuditEvent({
      occurredAt: new Date('2026-11-24T01:02:03.456Z'),
      details: {
        ...Object.fromEntries(Object.entries(keys)),
        small: 5n,
        big: 9223372036854775807n,
        deep: [{ negative: -9007199254740993n }],
        huge: 1e300,
        bytes: new Uint8Array([1, 2, 3]),
      },
    })
    expect(await driver.put(event).outcome).toEqual({ ok: true })
    const [record] = receiver.records()
    expect(record).toMatchObject({
      timeUnixNano: '1795482123456000000',
      eventName: 'admin.store.create',
    })
    const attributes = Object.fromEntries((record?.attributes ?? []).map(({ key, value }) => [key, value?.stringValue]))
    expect(attributes).toEqual(sampleLogRecord(event).attributes)
    expect(fieldsOf(record?.body)).toEqual({
      ['__proto__']: { kvlistValue: { values: [{ key: 'x', value: { intValue: 1 } }] } },
      constructor: { stringValue: 'kept' },
      list: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'two' }, {}] } },
      small: { intValue: 5 },
      big: { stringValue: '9223372036854775807' },
      deep: {
        arrayValue: {
          values: [{ kvlistValue: { values: [{ key: 'negative', value: { stringValue: '-9007199254740993' } }] } }],
        },
      },
      huge: { stringValue: '1e+300' },
      bytes: { bytesValue: 'AQID' },
    })
  })

  it('keeps a key named __proto__ beside a replaced bigint', async () => {
    const driver = new SlotDriver(exporterProvider('otlp', new OTLPLogExporter({ url: receiver.url })))
    const inner = JSON.parse('{"__proto__":"own"}') as Record<string, unknown>
    inner['big'] = 2n ** 60n
    await driver.put(sampleAuditEvent({ details: { inner } })).outcome
    const [entry] = receiver.records()[0]?.body?.kvlistValue?.values ?? []
    expect(entry?.value?.kvlistValue?.values).toEqual([
      { key: '__proto__', value: { stringValue: 'own' } },
      { key: 'big', value: { stringValue: '1152921504606846976' } },
    ])
  })

  it('sends the calls of one turn as one request', async () => {
    const driver = new SlotDriver(exporterProvider('otlp', new OTLPLogExporter({ url: receiver.url })))
    const outcomes = Array.from({ length: 100 }, () => driver.put(sampleAuditEvent()).outcome)
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => ({ ok: true })))
    expect(receiver.requests).toHaveLength(1)
    expect(receiver.records()).toHaveLength(100)
  })

  it('fails the records that the receiver refuses', async () => {
    receiver.answer = { status: 400, body: '{}' }
    const driver = new SlotDriver(exporterProvider('otlp', new OTLPLogExporter({ url: receiver.url })))
    expect(failureOf(await driver.put(sampleAuditEvent()).outcome)).toContain(
      'provider_failed: audit provider \"otlp\": the export of 1 records failed: Bad Request',
    )
  })

  it('is documented to confirm what a partial success rejected: SUCCESS of the exporter is worth no more', async () => {
    receiver.answer = { status: 200, body: '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}' }
    const driver = new SlotDriver(exporterProvider('otlp', new OTLPLogExporter({ url: receiver.url })))
    expect(await driver.put(sampleAuditEvent()).outcome).toEqual({ ok: true })
  })

  it('takes audit records only in a plain LoggerProvider and in NodeSDK', async () => {
    const make = (name: string) => exporterProvider(name, new OTLPLogExporter({ url: receiver.url }))
    const plain = new LoggerProvider({ processors: [make('plain')] })
    plain.getLogger('app').emit({ body: 'an ordinary log' })
    plain.getLogger('app').emit(sampleLogRecord(sampleAuditEvent({ adminUserId: 'plain' })))
    await plain.shutdown()
    const sdk = new NodeSDK({
      logRecordProcessors: [make('sdk')],
      resource: resourceFromAttributes({ 'service.name': 'shop' }),
      autoDetectResources: false,
    })
    sdk.start()
    logs.getLogger('app').emit({ body: 'an ordinary log' })
    logs.getLogger('app').emit(sampleLogRecord(sampleAuditEvent({ adminUserId: 'sdk' })))
    await sdk.shutdown()
    const actors = receiver.records().map(({ attributes }) => attributes?.find(({ key }) => key === 'audit.actor.id'))
    expect(actors.map((actor) => actor?.value?.stringValue)).toEqual(['plain', 'sdk'])
    expect(receiver.requests[1]?.resourceLogs[0]?.resource?.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'shop' },
    })
  })
})

function fieldsOf(value: OtlpAnyValue | undefined): Record<string, unknown> {
  return Object.fromEntries((value?.kvlistValue?.values ?? []).map((entry) => [entry.key, entry.value]))
}
