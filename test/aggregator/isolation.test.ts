import { setTimeout as sleep } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AuditError, type AuditDelivery, type AuditReceipt } from '../../src/index.ts'
import { event, FakeProvider, hang, raise, reject, yes } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

const unhandled: unknown[] = []
const note = (cause: unknown): void => void unhandled.push(cause)

beforeEach(() => void process.on('unhandledRejection', note))
afterEach(async () => {
  await sleep(5)
  process.off('unhandledRejection', note)
  expect(unhandled.splice(0)).toEqual([])
})

const hostile = {
  toString() {
    throw new Error('no text either')
  },
}
const thrown: readonly unknown[] = [new Error('broken'), 'a string', 42, null, undefined, Symbol('s'), {}, hostile]

it.each(thrown.map((cause, index) => [index, cause] as const))(
  'whatever a provider throws (%i) fails only that provider',
  async (_index, cause) => {
    const good = new FakeProvider('good')
    const { logger } = makeLogger({ providers: [new FakeProvider('bad', raise(cause)), good] })
    const receipt = await logger.emit(event)
    expect(good.seen).toHaveLength(1)
    expect(receipt.backends['good']).toEqual({ ok: true })
    const bad = receipt.backends['bad']
    expect(bad?.ok === false && bad.error.code).toBe('provider_failed')
    expect(bad?.ok === false && bad.error.cause).toBe(cause)
  },
)

it.each(thrown.map((cause, index) => [index, cause] as const))(
  'whatever a provider rejects with (%i) fails only that provider',
  async (_index, cause) => {
    const { logger } = makeLogger({ providers: [new FakeProvider('bad', reject(cause)), new FakeProvider('good')] })
    const receipt = await logger.emit(event)
    expect(receipt.backends['good']).toEqual({ ok: true })
    const bad = receipt.backends['bad']
    expect(bad?.ok === false && bad.error.code).toBe('provider_failed')
    expect(await logger.logAction(event)).toBe(true)
  },
)

it('an AuditError of a provider keeps its own code', async () => {
  const cause = new AuditError('bad_session', 'a pool is no session')
  const { logger } = makeLogger({ providers: [new FakeProvider('database', reject(cause))] })
  const error = await rejection(logger.emit(event))
  expect(error.code).toBe('bad_session')
  expect(error.message).toBe('a pool is no session')
})

it('a hanging provider fails after providerTimeoutMillis and its signal is aborted', async () => {
  const reasons: unknown[] = []
  const slow = new FakeProvider('slow', (delivery, record) => {
    delivery.signal.addEventListener('abort', () => reasons.push(delivery.signal.reason))
    hang(delivery, record)
  })
  const { logger, problems } = makeLogger({ providers: [slow], providerTimeoutMillis: 30 })
  const start = performance.now()
  const error = await rejection(logger.emit(event))
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(error.code).toBe('provider_timeout')
  expect(error.message).toContain('"slow" did not answer within 30 ms')
  expect(reasons).toMatchObject([{ code: 'provider_timeout' }])
  expect(problems[0]).toMatchObject({ code: 'provider_timeout', backend: 'slow', count: 1 })
})

it('a call with db waits 2,000 ms at most, and timeoutMillis of the call goes over both', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('slow', hang)] })
  const start = performance.now()
  const [withDb, short] = await Promise.all([
    rejection(logger.emit(event, { db: {} })),
    rejection(logger.emit(event, { db: {}, timeoutMillis: 40 })),
  ])
  const took = performance.now() - start
  expect(withDb.message).toContain('2000 ms')
  expect(short.message).toContain('40 ms')
  expect(took).toBeGreaterThan(1_900)
  expect(took).toBeLessThan(4_500)
})

it('a late answer after the time limit changes nothing', async () => {
  let answer: (value: boolean) => void = () => undefined
  const slow = new FakeProvider('slow', (delivery) =>
    delivery.acknowledge(new Promise((resolve) => (answer = resolve))),
  )
  const { logger } = makeLogger({ providers: [slow], providerTimeoutMillis: 20 })
  expect(await logger.logAction(event)).toBe(false)
  answer(true)
  await sleep(5)
  expect(logger.health().backends['slow']?.status).toBe('failing')
})

it('acknowledging twice is ignored and reported', async () => {
  const twice = new FakeProvider('twice', (delivery) => {
    delivery.acknowledge(Promise.resolve(true))
    delivery.acknowledge(Promise.reject(new Error('second thoughts')))
  })
  const { logger, problems } = makeLogger({ providers: [twice] })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toContain('"twice": acknowledge was called twice; it is ignored')
})

it('acknowledging after onEmit is not confirmed and reported', async () => {
  let kept: AuditDelivery | undefined
  const late = new FakeProvider('late', (delivery) => (kept = delivery))
  const { logger, problems } = makeLogger({ providers: [late] })
  expect(await logger.logAction(event)).toBe(false)
  kept?.acknowledge(Promise.reject(new Error('too late')))
  expect(problems.map(({ code }) => code)).toContain('not_confirmed')
  expect(problems.some(({ message }) => message.includes('outside onEmit'))).toBe(true)
})

it('an async onEmit that rejects fails its provider and nothing else', async () => {
  const inner = new FakeProvider('bad', hang)
  const provider = {
    auditBackend: 'bad',
    onEmit: async (...[record, context]: Parameters<FakeProvider['onEmit']>) => {
      inner.onEmit(record, context)
      await Promise.resolve()
      throw new Error('late throw')
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const { logger } = makeLogger({ providers: [provider, new FakeProvider('good')] })
  const receipt = await logger.emit(event)
  const bad = receipt.backends['bad']
  expect(bad?.ok === false && bad.error.message).toContain('late throw')
})

it('an answer that is rejected after the time limit is nobody’s unhandled rejection', async () => {
  const kept: AuditDelivery[] = []
  const slow = new FakeProvider('slow', (delivery, record) => {
    kept.push(delivery)
    hang(delivery, record)
  })
  const { logger } = makeLogger({ providers: [slow], providerTimeoutMillis: 20 })
  expect(await logger.logAction(event)).toBe(false)
  kept[0]?.acknowledge(Promise.reject(new Error('given up')))
})

it('an async onEmit of another realm that rejects fails its provider, with its reason', async () => {
  const refuse = runInNewContext('async () => { throw new Error("other realm") }') as () => Promise<never>
  const inner = new FakeProvider('bad', hang)
  const provider = {
    auditBackend: 'bad',
    onEmit: (...[record, context]: Parameters<FakeProvider['onEmit']>) => {
      inner.onEmit(record, context)
      return refuse()
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const { logger } = makeLogger({ providers: [provider, new FakeProvider('good')] })
  const receipt = await logger.emit(event)
  const bad = receipt.backends['bad']
  expect(bad?.ok === false && bad.error.code).toBe('provider_failed')
  expect(bad?.ok === false && bad.error.message).toContain('other realm')
})

it('each provider has a slot of its own', async () => {
  const one = new FakeProvider('one')
  const two = new FakeProvider('two', hang)
  const { logger } = makeLogger({ providers: [one, two], providerTimeoutMillis: 20 })
  const receipt = await logger.emit(event, { db: 'session' })
  expect(one.seen[0]).not.toBe(two.seen[0])
  expect(one.seen[0]?.db).toBe('session')
  expect(one.seen[0]?.event).toEqual(two.seen[0]?.event)
  expect(one.seen[0]?.event).toBe(one.seen[0]?.event)
  expect(two.seen[0]?.signal.aborted).toBe(true)
  expect(one.seen[0]?.signal.aborted).toBe(false)
  expect(Object.keys(receipt.backends)).toEqual(['one', 'two'])
})

it('a provider cannot change the record for the others', async () => {
  const rude = new FakeProvider('rude', (delivery, record) => {
    yes(delivery, record)
    record.setAttribute('audit.actor.id', 'somebody else')
    record.setBody('gone')
    record.attributes['audit.action'] = 'nothing'
  })
  const good = new FakeProvider('good')
  const { logger } = makeLogger({ providers: [rude, good] })
  await logger.emit({ ...event, details: { a: 1 } })
  const record = good.records[0]
  expect(record?.attributes['audit.actor.id']).toBe('7')
  expect(record?.attributes['audit.action']).toBe('create_store')
  expect(record?.body).toEqual({ a: 1 })
})

it('a provider that logs inside onEmit gets a call of its own', async () => {
  const inner: Promise<AuditReceipt>[] = []
  const noisy = new FakeProvider('noisy', (delivery, record) => {
    if (delivery.event.action === 'create_store') inner.push(logger.emit({ ...event, action: 'nested' }))
    yes(delivery, record)
  })
  const { logger } = makeLogger({ providers: [noisy] })
  const outer = await logger.emit(event)
  const [nested] = await Promise.all(inner)
  expect(nested?.recordId).not.toBe(outer.recordId)
  expect(noisy.seen.map((delivery) => delivery.event.action)).toEqual(['create_store', 'nested'])
})

it('calls do not time out because the caller blocked the event loop', async () => {
  const provider = new FakeProvider('disk', (delivery) =>
    delivery.acknowledge(new Promise((resolve) => setTimeout(() => resolve(true), 60))),
  )
  const { logger } = makeLogger({ providers: [provider], providerTimeoutMillis: 50 })
  const answer = logger.logAction(event)
  const end = performance.now() + 150
  while (performance.now() < end);
  expect(await answer).toBe(true)
})
