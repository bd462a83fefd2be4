import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { AggregatingLogger } from '../../src/aggregator/aggregating-logger.ts'
import type { JournalMember } from '../../src/aggregator/journal-member.ts'
import { AuditError, type AuditHealth, type AuditProblem } from '../../src/index.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import type { AuditSlot } from '../../src/aggregator/confirmation.ts'
import { event, FakeProvider, hang, no, yes } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

type JournalHealth = ReturnType<JournalMember['health']>

class FakeJournal extends FakeProvider implements JournalMember {
  state: JournalHealth = { status: 'ok', reasons: [], undelivered: 3, setAside: 1, streams: 2 }
  ended: unknown
  failure: AuditError | undefined

  constructor(onRecord = yes) {
    super('journal', onRecord)
  }

  ready(): Promise<void> {
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure)
  }

  override forceFlush(): Promise<void> {
    return this.ready()
  }

  drain(): Promise<{ undelivered: number }> {
    return Promise.resolve({ undelivered: 2 })
  }

  override async shutdown(options?: unknown): Promise<never> {
    this.ended = options
    await this.ready()
    return { undelivered: 3 } as never
  }

  health(): JournalHealth {
    return this.state
  }
}

function withJournal(journal: FakeJournal, others: readonly FakeProvider[] = []) {
  const problems: AuditProblem[] = []
  const logger = new AggregatingLogger({
    prepare: createEventPreparer(),
    report: (problem) => problems.push({ ...problem, count: 1 }),
    journal: journal as JournalMember,
    providers: others,
    providerTimeoutMillis: 100,
  })
  return { logger, problems }
}

it('after shutdown emit rejects with shut_down and logAction is false (rule P7)', async () => {
  const disk = new FakeProvider('disk')
  const { logger, problems } = makeLogger({ providers: [disk] })
  expect(await logger.shutdown()).toEqual({ undelivered: 0 })
  const error = await rejection(logger.emit(event))
  expect(error.code).toBe('shut_down')
  expect(await logger.logAction(event)).toBe(false)
  expect(problems.map(({ code }) => code)).toEqual(['shut_down'])
  expect(disk.seen).toHaveLength(0)
  expect(logger.health().status).toBe('failing')
})

it('a second shutdown or flush does nothing and does not fail', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  await Promise.all([logger.shutdown(), logger.shutdown()])
  await logger.shutdown()
  await logger.forceFlush()
  expect(disk.closed).toBe(1)
})

it('shutdown waits for calls under way', async () => {
  const disk = new FakeProvider('disk', (delivery) => delivery.acknowledge(sleep(40, true)))
  const { logger } = makeLogger({ providers: [disk] })
  const answer = logger.logAction(event)
  await logger.shutdown()
  expect(disk.closed).toBe(1)
  expect(await answer).toBe(true)
})

it('shutdown closes every provider also when one throws, one rejects and one hangs', async () => {
  const bad = [
    Object.assign(new FakeProvider('throws'), {
      shutdown: () => {
        throw new Error('x')
      },
    }),
    Object.assign(new FakeProvider('rejects'), { shutdown: () => Promise.reject(new Error('y')) }),
    Object.assign(new FakeProvider('hangs'), { shutdown: () => new Promise<never>(() => undefined) }),
  ]
  const good = new FakeProvider('good')
  const { logger, problems } = makeLogger({ providers: [...bad, good] })
  expect(await logger.shutdown({ timeoutMillis: 60 })).toEqual({ undelivered: 0 })
  expect(good.closed).toBe(1)
  expect(problems.map(({ code }) => code)).toContain('provider_failed')
})

it('shutdown gives the journal its options and answers with what is undelivered', async () => {
  const journal = new FakeJournal()
  const { logger } = withJournal(journal)
  expect(await logger.shutdown({ timeoutMillis: 500, drain: true })).toEqual({ undelivered: 3 })
  expect(journal.ended).toMatchObject({ drain: true })
})

it('shutdown rejects when the journal could not make the records durable, and only then', async () => {
  const journal = new FakeJournal()
  const other = new FakeProvider('other')
  const { logger } = withJournal(journal, [other])
  journal.failure = new AuditError('disk_error', 'fdatasync failed')
  expect((await rejection(logger.shutdown())).code).toBe('disk_error')
  expect(other.closed).toBe(1)
  expect(await logger.shutdown()).toEqual({ undelivered: 3 })
})

it('await using shuts down', async () => {
  const disk = new FakeProvider('disk')
  {
    await using logger = makeLogger({ providers: [disk] }).logger
    await logger.logAction(event)
  }
  expect(disk.closed).toBe(1)
})

it('forceFlush flushes all providers and rejects with the journal’s disk_error', async () => {
  const journal = new FakeJournal()
  const other = new FakeProvider('other')
  const { logger } = withJournal(journal, [other])
  await logger.forceFlush()
  expect(other.flushed).toBe(1)
  journal.failure = new AuditError('disk_error', 'fdatasync failed')
  expect((await rejection(logger.forceFlush())).code).toBe('disk_error')
  expect(other.flushed).toBe(2)
  await rejection(logger.ready())
})

it('forceFlush of a failing or hanging provider rejects and does not hang', async () => {
  const { logger } = makeLogger({
    providers: [Object.assign(new FakeProvider('a'), { forceFlush: () => Promise.reject(new Error('no')) })],
  })
  const error = await rejection(logger.forceFlush())
  expect(error.code).toBe('provider_failed')
  expect(error.message).toContain('forceFlush of audit backend "a" failed: no')
  const hanging = makeLogger({
    providers: [Object.assign(new FakeProvider('b'), { forceFlush: () => new Promise<never>(() => undefined) })],
    providerTimeoutMillis: 20,
  }).logger
  expect((await rejection(hanging.forceFlush())).code).toBe('provider_timeout')
})

it('drain is the journal’s; without one it flushes', async () => {
  expect(await withJournal(new FakeJournal()).logger.drain()).toEqual({ undelivered: 2 })
  const disk = new FakeProvider('disk')
  expect(await makeLogger({ providers: [disk] }).logger.drain()).toEqual({ undelivered: 0 })
  expect(disk.flushed).toBe(1)
})

it('health joins the journal’s state with what the backends’ last calls said', async () => {
  const journal = new FakeJournal()
  const other = new FakeProvider('other', no, 'none')
  const { logger } = withJournal(journal, [other])
  await logger.emit(event)
  const { backends, reasons, ...rest } = logger.health()
  const expected: Partial<AuditHealth> = {
    status: 'degraded',
    undelivered: 3,
    setAside: 1,
    streams: 2,
    pendingCalls: 0,
  }
  expect(rest).toEqual(expected)
  expect(reasons).toEqual([expect.stringContaining('"other" said no')])
  expect(backends).toMatchObject({ journal: { status: 'ok' }, other: { status: 'failing' } })
  other.onRecord = yes
  await logger.emit(event)
  expect(logger.health().status).toBe('ok')
  journal.onRecord = no
  await logger.logAction(event)
  expect(logger.health().status).toBe('failing')
})

it('with the floor collector the journal’s word that a record is local is kept for the receipt, not the answer', async () => {
  const slots: AuditSlot[] = []
  const journal = new FakeJournal((delivery) => {
    const slot = delivery as AuditSlot
    slots.push(slot)
    slot.defer()
    slot.confirm({ durability: 'local', streamId: 's', sequence: 1, integrityHash: 'h' })
  })
  const { logger } = withJournal(journal)
  const emitted = logger.emit(event, { durability: 'collector' })
  await sleep(5)
  expect(slots[0]?.durabilityFloor).toBe('collector')
  slots[0]?.confirm({ durability: 'collector', streamId: 's', sequence: 1, integrityHash: 'h' })
  expect(await emitted).toMatchObject({ durability: 'collector', streamId: 's', sequence: 1, integrityHash: 'h' })
  const late = await rejection(logger.emit(event, { durability: 'collector' }))
  expect(late.code).toBe('provider_timeout')
  expect(late.receipt).toMatchObject({ durability: 'local', sequence: 1, backends: { journal: { ok: false } } })
  expect(await logger.logAction(event)).toBe(true)
})

it('a journal on a volatile file system is true as durable goes, but not for the floor local', async () => {
  const journal = new FakeJournal((delivery) => {
    const slot = delivery as AuditSlot
    slot.defer()
    slot.confirm({ durability: 'memory' })
  })
  const { logger } = withJournal(journal)
  expect((await logger.emit(event)).durability).toBe('memory')
  expect((await rejection(logger.emit(event, { durability: 'local' }))).code).toBe('not_confirmed')
})

const track = { ...event, action: 'delete_store' }

it('track records success and gives the result', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  expect(await logger.track(track, () => 42)).toBe(42)
  expect(disk.seen[0]?.event.outcome).toBe('success')
})

it('track records a failure with the error’s type, and the error stands', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  const cause = new RangeError('too far')
  await expect(logger.track({ ...track, attributes: { 'tenant.id': 't' } }, () => Promise.reject(cause))).rejects.toBe(
    cause,
  )
  expect(disk.seen[0]?.event.outcome).toBe('failure')
  expect(disk.seen[0]?.event.attributes).toEqual({ 'error.type': 'RangeError', 'tenant.id': 't' })
})

it('track checks a plain event before fn runs', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('disk')] })
  let ran = false
  const error = await rejection(
    logger.track({ ...track, targetId: '' }, () => {
      ran = true
    }),
  )
  expect(error.code).toBe('invalid_event')
  expect(ran).toBe(false)
})

it('track takes the event from a function that sees result or error; when that fails the result stands', async () => {
  const disk = new FakeProvider('disk')
  const { logger, problems } = makeLogger({ providers: [disk] })
  await logger.track(
    (result) => ({ ...track, targetId: String(result) }),
    () => 'made-1',
  )
  expect(disk.seen[0]?.event.targetId).toBe('made-1')
  await expect(
    logger.track(
      (_result, error) => ({ ...track, outcome: error === undefined ? 'success' : 'unknown' }),
      () => {
        throw new Error('x')
      },
    ),
  ).rejects.toThrow('x')
  expect(disk.seen[1]?.event.outcome).toBe('unknown')
  const result = await logger.track(
    () => {
      throw new Error('no event')
    },
    () => 1,
  )
  expect(result).toBe(1)
  expect(problems.at(-1)?.message).toContain('no event')
})

it('track’s result stands when the record is not confirmed', async () => {
  const { logger, problems } = makeLogger({ providers: [new FakeProvider('disk', no)] })
  expect(await logger.track(track, () => 'done')).toBe('done')
  expect(problems[0]?.code).toBe('provider_failed')
})

function run(source: string) {
  const full = `import { createAuditLogger } from './src/index.ts'
    const event = { adminUserId: 1, action: 'a', targetType: 't', targetId: 1 }
    const hanging = { auditBackend: 'slow', logAction: () => new Promise(() => {}) }
    ${source}`
  const start = performance.now()
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', full], { encoding: 'utf8', timeout: 20_000 })
  return { ...child, took: performance.now() - start }
}

it('await logAction of a provider with nothing that keeps the process alive answers before the process ends', () => {
  const { stdout, status } = run(`
    const logger = createAuditLogger({ journal: false, providers: [hanging], providerTimeoutMillis: 200 })
    console.log(await logger.logAction(event))`)
  expect({ stdout, status }).toEqual({ stdout: 'false\n', status: 0 })
})

it('an idle logger does not keep the process alive, nor do the reports of its problems', () => {
  const { status, took, stderr } = run(`
    const logger = createAuditLogger({ journal: false, providers: [{ auditBackend: 'no', logAction: () => false }] })
    await logger.logAction(event)
    await logger.logAction(event)`)
  expect(status).toBe(0)
  expect(took).toBeLessThan(15_000)
  expect(stderr).toContain('[provider_failed] AuditWarning: Audit backend "no" said no')
})

it('shutdownOnSignals shuts down and raises the signal again', () => {
  const { stdout, signal } = run(`
    const provider = { auditBackend: 'p', logAction: () => true, shutdown: async () => { console.log('closed') } }
    createAuditLogger({ journal: false, providers: [provider], shutdownOnSignals: ['SIGTERM'] })
    setInterval(() => {}, 1000)
    process.kill(process.pid, 'SIGTERM')`)
  expect({ stdout, signal }).toEqual({ stdout: 'closed\n', signal: 'SIGTERM' })
})

it('shutdownOnSignals leaves the end of the process to another listener that is there', () => {
  const { stdout, status } = run(`
    const provider = { auditBackend: 'p', logAction: () => true, shutdown: async () => { console.log('closed') } }
    createAuditLogger({ journal: false, providers: [provider], shutdownOnSignals: ['SIGTERM'] })
    let times = 0
    process.on('SIGTERM', () => { times++; setTimeout(() => { console.log(times); process.exit(5) }, 200) })
    setInterval(() => {}, 1000)
    process.kill(process.pid, 'SIGTERM')`)
  expect({ stdout, status }).toEqual({ stdout: 'closed\n1\n', status: 5 })
})

it('importing the package starts nothing and touches no OpenTelemetry global', () => {
  const { stdout } = run(`
    console.log(JSON.stringify([process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY/.test(name)),
      process.eventNames().filter((name) => String(name).startsWith('SIG')),
      Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => /otel|opentelemetry/.test(name))]))
    await import('node:timers/promises')`)
  expect(JSON.parse(stdout)).toEqual([[], [], []])
})
