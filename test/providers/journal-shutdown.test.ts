import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { resolveConfig } from '../../src/config.ts'
import {
  createAuditLogger,
  journalProvider,
  type AuditEventInput,
  type AuditLogger,
  type AuditProblem,
} from '../../src/index.ts'
import { SyncWorker, type SyncEngine } from '../../src/journal/sync.ts'
import { journalPlatform } from '../../src/providers/journal-platform.ts'
import { createJournalBackend } from '../../src/providers/journal-provider.ts'
import { attributeOf, startHostileCollector, type HostileCollector } from '../../src/testing/index.ts'
import { eventNamesIn } from './journal-files.ts'

let dir = ''
let collector: HostileCollector

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'otel-audit-journal-shutdown-'))
  collector = await startHostileCollector()
})
afterEach(async () => {
  await collector.close()
  rmSync(dir, { recursive: true, force: true })
})

function event(action: string): AuditEventInput {
  return { adminUserId: 7, action, targetType: 'store', targetId: 's-1' }
}

function start(onProblem: (problem: AuditProblem) => void = () => undefined): AuditLogger {
  const logger = createAuditLogger({ journal: { dir }, collector: { url: collector.url }, onProblem })
  onTestFinished(() => logger.shutdown({ timeoutMillis: 1 }).then(() => undefined))
  return logger
}

function refuse(status: number): void {
  const when = (record: Parameters<typeof attributeOf>[0]): boolean => attributeOf(record, 'audit.action') === 'poison'
  collector.behave({ kind: 'refuse', when, status })
}

it('tells in the trail what the collector refused while the shutdown drained, and delivers that too', async () => {
  refuse(400)
  const logger = start()
  for (const action of ['create', 'poison', 'update']) void logger.logAction(event(action))
  expect(await logger.shutdown({ drain: true })).toEqual({ undelivered: 0 })
  const names = eventNamesIn(dir)
  expect(names.slice(-2)).toEqual(['audit.pipeline.gap', 'audit.pipeline.stop'])
  expect(collector.received().records).toBe(names.length - 1) // all but the poison
  expect(collector.find(({ eventName }) => eventName === 'audit.pipeline.stop')).toBeDefined()
})

it('raises no alarm for a record that the collector has already', async () => {
  refuse(409)
  const problems: AuditProblem[] = []
  const logger = start((problem) => problems.push(problem))
  for (const action of ['create', 'poison', 'update']) void logger.logAction(event(action))
  expect(await logger.drain()).toEqual({ undelivered: 0 })
  expect(logger.health()).toMatchObject({ status: 'ok', reasons: [], setAside: 0 })
  await logger.shutdown({ drain: true })
  expect(problems).toEqual([])
  expect(eventNamesIn(dir)).not.toContain('audit.pipeline.gap')
})

it('ends the stream within the time limit though the collector is away', async () => {
  collector.behave({ kind: 'silence' })
  const logger = start()
  await logger.logAction(event('create'))
  const started = performance.now()
  expect(await logger.shutdown({ drain: true, timeoutMillis: 1_000 })).toEqual({ undelivered: 3 })
  expect(performance.now() - started).toBeLessThan(1_500)
  expect(eventNamesIn(dir)).toEqual(['audit.pipeline.start', 'admin.store.create', 'audit.pipeline.stop'])
})

it('delivers what is pending when it is shut down in the turn of the first record, as before', async () => {
  const logger = start()
  await new Promise((resolve) => setImmediate(resolve))
  const receipt = logger.emit(event('create'), { durability: 'collector' })
  const ended = logger.shutdown({ drain: true })
  expect(await receipt).toMatchObject({ durability: 'collector' })
  expect(await ended).toEqual({ undelivered: 0 })
  expect(collector.received().records).toBe(3)
})

it('leaves the end its time on a slow disk too: the stop record is synced within the limit', async () => {
  collector.behave({ kind: 'silence' })
  const real = new SyncWorker()
  let closed = false
  const syncEngine = (): SyncEngine => ({
    request: (request, done) => real.request(request, (result) => void setTimeout(done, 100, result)),
    wait: () => false,
    poll: () => undefined,
    close: () => {
      closed = true
      real.close()
    },
  })
  const {
    journal: settings,
    collector: far,
    resource,
  } = resolveConfig({ journal: { dir }, collector: { url: collector.url } })
  if (settings === false) throw new Error('no journal')
  const report = (): void => undefined
  const journal = createJournalBackend(
    { ...settings, collector: far, resource, version: '0', report },
    { ...journalPlatform(), syncEngine },
  )
  await journal.ready()
  expect(await journal.shutdown({ drain: true, timeoutMillis: 1_000 })).toEqual({ undelivered: 2 })
  expect(closed).toBe(true)
  expect(eventNamesIn(dir)).toEqual(['audit.pipeline.start', 'audit.pipeline.stop'])
})

it('takes no record while it drains', async () => {
  collector.behave({ kind: 'silence' })
  const journal = journalProvider({ dir, collector: { url: collector.url } })
  const logger = new LoggerProvider({ processors: [journal] }).getLogger('shop')
  await journal.ready()
  const ended = journal.shutdown({ drain: true, timeoutMillis: 500 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  logger.emit({ eventName: 'late', attributes: { 'audit.record.id': 'r-1' } })
  await ended
  expect(eventNamesIn(dir)).toEqual(['audit.pipeline.start', 'audit.pipeline.stop'])
})
