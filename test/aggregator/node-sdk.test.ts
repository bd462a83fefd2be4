import { logs } from '@opentelemetry/api'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { afterEach, expect, it, vi } from 'vitest'
import { createAuditLogger, memoryProvider } from '../../src/index.ts'
import { event, FakeProvider } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

afterEach(() => void vi.unstubAllEnvs())

it('a provider inside NodeSDK takes audit records only', async () => {
  const memory = memoryProvider()
  const sdk = new NodeSDK({
    autoDetectResources: false,
    instrumentations: [],
    spanProcessors: [],
    logRecordProcessors: [memory],
  })
  sdk.start()
  try {
    const logger = logs.getLogger('shop')
    logger.emit({ body: 'an ordinary log line', attributes: { 'audit.action': 'no id' } })
    logger.emit({ body: 'by hand', attributes: { 'audit.record.id': 'r-1', 'audit.action': 'create_store' } })
    expect(memory.records().map(({ record }) => record.attributes['audit.record.id'])).toEqual(['r-1'])
  } finally {
    await sdk.shutdown()
    logs.disable()
  }
})

it('the audit pipeline never touches the global logger provider', async () => {
  const seen: unknown[] = []
  const processor = { onEmit: (r: unknown) => void seen.push(r), forceFlush: async () => {}, shutdown: async () => {} }
  const global = new LoggerProvider({ processors: [processor] })
  logs.setGlobalLoggerProvider(global)
  try {
    const { logger } = makeLogger({ providers: [new FakeProvider('disk')] })
    expect(await logger.logAction(event)).toBe(true)
    await logger.shutdown()
    expect(seen).toEqual([])
    logs.getLogger('still there').emit({ body: 'x' })
    expect(seen).toHaveLength(1)
  } finally {
    logs.disable()
  }
})

it('SDK limits and OTEL_SDK_DISABLED do not reach the pipeline, and that is said once', async () => {
  vi.stubEnv('OTEL_SDK_DISABLED', 'true')
  vi.stubEnv('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', '3')
  vi.stubEnv('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', '2')
  const disk = new FakeProvider('disk')
  const { logger, problems } = makeLogger({ providers: [disk] })
  const attributes = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 'a value']))
  expect(await logger.logAction({ ...event, attributes })).toBe(true)
  await logger.logAction(event)
  expect(disk.records[0]?.attributes).toMatchObject({ k0: 'a value', k299: 'a value', 'audit.actor.id': '7' })
  expect(disk.records[0]?.droppedAttributesCount).toBe(0)
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    [
      'sdk_disabled_ignored',
      expect.stringMatching(/^OTEL_SDK_DISABLED, OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, OTEL_LOGREC/),
    ],
  ])
})

it('records carry no severity and the scope names this package only (rule R5)', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  await logger.logAction(event)
  const [record] = disk.records
  expect(record?.severityNumber).toBeUndefined()
  expect(record?.instrumentationScope).toMatchObject({ name: 'otel-audit', version: '0.1.0' })
})

it('createAuditLogger is synchronous and refuses a configuration that cannot be', () => {
  expect(() => createAuditLogger({ journal: false, onProblem: () => undefined })).toThrow(
    expect.objectContaining({ code: 'bad_config' }),
  )
})
