import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { AuditSlot } from '../../src/aggregator/confirmation.ts'
import { AuditError, type AuditHealth, type AuditProviderProtocol } from '../../src/index.ts'
import { FakeJournal, withJournal } from './fake-journal.ts'
import { event, FakeProvider, hang, no, yes } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

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

it('a flush after shutdown resolves also when the journal’s own would fail, and ready says shut_down', async () => {
  const journal = new FakeJournal()
  const { logger } = withJournal(journal)
  await logger.shutdown()
  journal.failure = new AuditError('shut_down', 'closed')
  await logger.forceFlush()
  expect(await logger.drain()).toEqual({ undelivered: 3 })
  expect((await rejection(logger.ready())).code).toBe('shut_down')
})

it('shutdown closes a provider only after the calls under way have settled', async () => {
  const order: string[] = []
  const disk = Object.assign(new FakeProvider('disk', (delivery) => delivery.acknowledge(sleep(40, true))), {
    shutdown: async () => {
      order.push('closed')
      await Promise.resolve()
    },
  })
  const { logger } = makeLogger({ providers: [disk] })
  const answer = logger.logAction(event).then((value) => order.push(`answered ${value}`))
  await logger.shutdown()
  await answer
  expect(order).toEqual(['answered true', 'closed'])
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

it('forceFlush and drain wait for records that a provider without a flush of its own still has under way', async () => {
  let done = 0
  const slow: AuditProviderProtocol = {
    auditBackend: 'slow',
    logAction: async () => {
      await sleep(60)
      done++
      return true
    },
  }
  const { logger } = makeLogger({ providers: [slow] })
  void logger.logAction(event)
  await logger.forceFlush()
  expect(done).toBe(1)
  void logger.logAction(event)
  expect(await logger.drain()).toEqual({ undelivered: 0 })
  expect(done).toBe(2)
})

it('forceFlush ends at its time limit and at its signal, and waits for no call that came later', async () => {
  const hanging = new FakeProvider('slow', (delivery) => delivery.acknowledge(sleep(300, true)))
  const { logger } = makeLogger({ providers: [hanging] })
  void logger.logAction(event)
  expect((await rejection(logger.forceFlush({ timeoutMillis: 20 }))).code).toBe('provider_timeout')
  expect((await rejection(logger.forceFlush({ signal: AbortSignal.timeout(20) }))).code).toBe('aborted')
  expect((await rejection(logger.forceFlush({ signal: AbortSignal.abort() }))).code).toBe('aborted')
  const flush = logger.forceFlush()
  const later = setInterval(() => void logger.logAction(event), 100)
  await flush
  clearInterval(later)
  expect(logger.health().pendingCalls).toBeGreaterThan(0)
})

it('logAction, emit and track may be taken off the logger', async () => {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- they are bound, and that is the point
  const { logAction, emit, track } = makeLogger({ providers: [new FakeProvider('disk')] }).logger
  expect(await logAction(event)).toBe(true)
  expect((await emit(event)).durability).toBe('local')
  expect(await track(event, () => 5)).toBe(5)
})

it('a call and a provider that hang leave the journal a quarter of the time', async () => {
  const journal = new FakeJournal()
  const slow = new FakeProvider('slow', hang)
  slow.shutdown = () => new Promise(() => undefined)
  const { logger } = withJournal(journal, [slow])
  void logger.logAction(event, { timeoutMillis: 10_000 })
  await logger.shutdown({ timeoutMillis: 800, drain: true })
  expect(journal.ended).toEqual({ drain: true, timeoutMillis: expect.any(Number) as number })
  expect((journal.ended as { timeoutMillis: number }).timeoutMillis).toBeGreaterThan(100)
})
