import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logs } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createAuditLogger, journalProvider, type AuditEventInput, type AuditProblem } from '../../src/index.ts'
import { eventNamesIn } from './journal-files.ts'
import { startReceiver } from './otlp-receiver.ts'

const event: AuditEventInput = { adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 's-1' }
let dir = ''

beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'otel-audit-journal-provider-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('inside NodeSDK it keeps the audit records, and nothing else', async () => {
  const journal = journalProvider({ dir, collector: false, serviceName: 'shop' })
  const sdk = new NodeSDK({
    autoDetectResources: false,
    instrumentations: [],
    spanProcessors: [],
    logRecordProcessors: [journal],
  })
  sdk.start()
  try {
    const logger = logs.getLogger('shop')
    logger.emit({ body: 'an ordinary log line' })
    logger.emit({ eventName: 'admin.store.create', attributes: { 'audit.record.id': 'r-1', 'audit.action': 'create' } })
    await journal.forceFlush()
    expect(eventNamesIn(dir)).toEqual(['audit.pipeline.start', 'admin.store.create'])
  } finally {
    await sdk.shutdown()
    logs.disable()
  }
  expect(eventNamesIn(dir).at(-1)).toBe('audit.pipeline.stop')
})

it('as the provider of a logger without one it is that logger’s journal', async () => {
  const receiver = await startReceiver()
  try {
    const journal = journalProvider({ dir, collector: { url: receiver.url } })
    const logger = createAuditLogger({ journal: false, providers: [journal] })
    const { durability, streamId, sequence } = await logger.emit(event, { durability: 'collector' })
    expect({ durability, sequence }).toEqual({ durability: 'collector', sequence: 2 })
    expect(streamId).toMatch(/^[0-9a-f-]{36}$/)
    expect(logger.health()).toMatchObject({ status: 'ok', streams: 1, backends: { journal: { status: 'ok' } } })
    expect(await logger.shutdown({ drain: true })).toEqual({ undelivered: 0 })
    expect(receiver.records()).toHaveLength(3)
  } finally {
    await receiver.close()
  }
})

it('belongs to one logger, and the one that is refused it leaves it as it is', async () => {
  const journal = journalProvider({ dir, collector: false })
  const logger = createAuditLogger({ journal: false, providers: [journal] })
  expect(() => createAuditLogger({ journal: false, providers: [journal] })).toThrow(
    expect.objectContaining({ code: 'already_owned' }),
  )
  expect(await logger.logAction(event)).toBe(true)
  await logger.shutdown()
  expect(eventNamesIn(dir)).toEqual(['audit.pipeline.start', 'admin.store.create', 'audit.pipeline.stop'])
})

it('beside the logger’s own journal it is refused', () => {
  const journal = journalProvider({ dir, collector: false })
  expect(() => createAuditLogger({ journal: { dir }, providers: [journal] })).toThrow(
    expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('journal: false') as string }),
  )
})

it('checks its options as createAuditLogger does', () => {
  const refused = (options: object): unknown => {
    try {
      return journalProvider(options)
    } catch (error) {
      return error
    }
  }
  expect(refused({ dir, segmentMaxByte: 1 })).toMatchObject({
    code: 'bad_config',
    message: expect.stringContaining('did you mean journal.segmentMaxBytes?') as string,
  })
  expect(refused({ dir, collector: { url: 'ftp://x' } })).toMatchObject({ code: 'bad_config' })
  expect(refused({ dir: '/proc/version' })).toMatchObject({ code: 'bad_config' })
})

it('reads the environment, and tells its own listener what is wrong there', async () => {
  vi.stubEnv('AUDIT_JOURNAL_DIR', dir)
  vi.stubEnv('AUDIT_JOURNAL_RETAIM', '1d')
  const problems: AuditProblem[] = []
  try {
    const journal = journalProvider({ collector: false, onProblem: (problem) => problems.push(problem) })
    await journal.ready()
    expect(journal.health()).toMatchObject({ status: 'ok', streams: 1, undelivered: 0 })
    await journal.shutdown()
  } finally {
    vi.unstubAllEnvs()
  }
  expect(problems.map(({ code }) => code)).toEqual(['unknown_variable'])
  expect(eventNamesIn(dir)).toEqual(['audit.pipeline.start', 'audit.pipeline.stop'])
})
