import { expect, it } from 'vitest'
import type { AuditReceipt } from '../../src/index.ts'
import { event, FakeProvider, hang, no, reject, silent, yes } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

const weak = (name: string, onRecord = yes): FakeProvider => new FakeProvider(name, onRecord, 'none')

it('logAction is true when one durable provider has the record, whatever the others say', async () => {
  const { logger } = makeLogger({
    providers: [new FakeProvider('one', no), new FakeProvider('two'), weak('three', no)],
  })
  expect(await logger.logAction(event)).toBe(true)
})

it('logAction is false when only weaker providers have the record beside a failing durable one', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('one', no), weak('two')] })
  expect(await logger.logAction(event)).toBe(false)
})

it('weaker confirmations count when no durable provider is configured, and one warning says so', async () => {
  const { logger, problems } = makeLogger({ providers: [weak('one'), weak('two', no)] })
  expect(await logger.logAction(event)).toBe(true)
  expect(await logger.logAction(event)).toBe(true)
  expect(problems.filter(({ code }) => code === 'no_durable_provider')).toHaveLength(1)
})

it('weaker confirmations count without a warning when the caller leaves the durable provider out', async () => {
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk'), new FakeProvider('database', yes, 'transaction')],
  })
  const receipt = await logger.emit(event, { backends: ['database'] })
  expect(receipt.durability).toBe('transaction')
  expect(Object.keys(receipt.backends)).toEqual(['database'])
  expect(problems).toEqual([])
})

it('logAction answers as soon as it is certain and does not wait for a hanging provider', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('slow', hang), new FakeProvider('fast')] })
  const start = performance.now()
  expect(await logger.logAction(event)).toBe(true)
  expect(performance.now() - start).toBeLessThan(1_000)
})

it('a call with db does not answer while a provider may still use the session', async () => {
  let release: (value: boolean) => void = () => undefined
  const database = new FakeProvider(
    'database',
    (delivery) => delivery.acknowledge(new Promise((resolve) => (release = resolve))),
    'transaction',
  )
  const { logger } = makeLogger({ providers: [new FakeProvider('disk'), database, new FakeProvider('slow', hang)] })
  let answer: boolean | undefined
  const call = logger.logAction(event, { db: {} }).then((value) => (answer = value))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(answer).toBeUndefined()
  release(false)
  await call
  expect(answer).toBe(true)
})

it('emit waits for every provider so that the receipt is complete', async () => {
  let release: (value: boolean) => void = () => undefined
  const slow = weak('slow', (delivery) => delivery.acknowledge(new Promise((resolve) => (release = resolve))))
  const { logger } = makeLogger({ providers: [new FakeProvider('fast'), slow] })
  let receipt: AuditReceipt | undefined
  const emitted = logger.emit(event).then((value) => (receipt = value))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(receipt).toBeUndefined()
  release(true)
  await emitted
  expect(receipt?.backends).toEqual({ fast: { ok: true }, slow: { ok: true } })
  expect(receipt?.durability).toBe('local')
  expect(receipt?.recordedAt).toBeInstanceOf(Date)
})

it('a receipt names each failing backend with its error', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('disk'), weak('mail', reject(new Error('no route')))] })
  const receipt = await logger.emit(event)
  const mail = receipt.backends['mail']
  expect(mail?.ok).toBe(false)
  expect(mail?.ok === false && mail.error.code).toBe('provider_failed')
  expect(mail?.ok === false && mail.error.message).toContain('"mail" failed: no route')
})

it('confirmBy all asks every provider enabled at the call', async () => {
  const providers = [new FakeProvider('one'), weak('two', no)]
  const { logger } = makeLogger({ providers, confirmBy: 'all' })
  expect(await logger.logAction(event)).toBe(false)
  providers[1]!.onRecord = yes
  expect(await logger.logAction(event)).toBe(true)
})

it('confirmBy names asks exactly these backends', async () => {
  const providers = [new FakeProvider('disk'), weak('mail', no)]
  const { logger } = makeLogger({ providers, confirmBy: ['mail'] })
  expect(await logger.logAction(event)).toBe(false)
  providers[1]!.onRecord = yes
  providers[0]!.onRecord = no
  expect(await logger.logAction(event)).toBe(true)
})

it('confirmBy names that the call leaves out give way to the backends of the call', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('disk'), weak('mail')], confirmBy: ['disk'] })
  expect(await logger.logAction(event, { backends: ['mail'] })).toBe(true)
})

it('durability local does not take a weaker word for it', async () => {
  const { logger } = makeLogger({ providers: [weak('one')] })
  expect(await logger.logAction(event, { durability: 'local' })).toBe(false)
  const error = await rejection(logger.emit(event, { durability: 'local' }))
  expect(error.code).toBe('not_confirmed')
  expect(error.message).toContain('asked for durability "local", reached memory')
  expect((error.receipt as AuditReceipt).durability).toBe('memory')
})

it('durability collector is not met by a provider that only calls itself durable', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('one')] })
  expect((await rejection(logger.emit(event, { durability: 'collector' }))).code).toBe('not_confirmed')
})

it('emit rejects with the code of the durable provider that failed, and the receipt holds what was reached', async () => {
  const { logger } = makeLogger({
    providers: [weak('memory-like'), new FakeProvider('disk', reject(new Error('gone')))],
  })
  const error = await rejection(logger.emit(event))
  expect(error.code).toBe('provider_failed')
  expect(error.message).toContain('"disk" failed: gone')
  expect((error.cause as Error).message).toBe('gone')
  const receipt = error.receipt as AuditReceipt
  expect(receipt.durability).toBe('memory')
  expect(receipt.backends['memory-like']).toEqual({ ok: true })
})

it('a call that names an unknown backend rejects with no_provider and the known names', async () => {
  const one = new FakeProvider('one')
  const { logger } = makeLogger({ providers: [one, new FakeProvider('two')] })
  const error = await rejection(logger.emit(event, { backends: ['one', 'tow'] }))
  expect(error.code).toBe('no_provider')
  expect(error.message).toContain('known backends: one, two')
  expect(one.seen).toHaveLength(0)
})

it('records reach a provider in the order of the calls', async () => {
  const one = new FakeProvider('one')
  const { logger } = makeLogger({ providers: [one] })
  await Promise.all(Array.from({ length: 500 }, (_, i) => logger.logAction({ ...event, targetId: i })))
  expect(one.seen.map((delivery) => Number(delivery.event.targetId))).toEqual(Array.from({ length: 500 }, (_, i) => i))
})

it('invalid events are false with a report from logAction and a rejection from emit', async () => {
  const { logger, problems } = makeLogger({ providers: [new FakeProvider('one')] })
  const bad = { ...event, action: '' }
  expect(await logger.logAction(bad)).toBe(false)
  expect(problems.map(({ code }) => code)).toEqual(['invalid_event'])
  expect((await rejection(logger.emit(bad))).code).toBe('invalid_event')
  expect(await logger.logAction(undefined as never)).toBe(false)
})

it('an aborted signal records nothing; a signal that aborts later ends the call', async () => {
  const one = new FakeProvider('one', hang)
  const { logger, problems } = makeLogger({ providers: [one] })
  expect((await rejection(logger.emit(event, { signal: AbortSignal.abort() }))).code).toBe('aborted')
  expect(one.seen).toHaveLength(0)
  const controller = new AbortController()
  const emitted = rejection(logger.emit(event, { signal: controller.signal }))
  controller.abort(new Error('enough'))
  const error = await emitted
  expect(error.code).toBe('aborted')
  expect((error.cause as Error).message).toBe('enough')
  expect(one.seen[0]?.signal.aborted).toBe(true)
  expect(problems).toEqual([])
})

it('call options that cannot be meant are refused', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('one')] })
  for (const options of [{ durability: 'disk' }, { timeoutMillis: 0 }, { timeoutMillis: '5' }, { backends: 'one' }]) {
    expect((await rejection(logger.emit(event, options as never))).code).toBe('bad_config')
    expect(await logger.logAction(event, options as never)).toBe(false)
  }
})

it('a record that nobody acknowledges is not confirmed', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('one', silent)] })
  const error = await rejection(logger.emit(event))
  expect(error.code).toBe('not_confirmed')
  expect(error.message).toContain('did not acknowledge the record inside onEmit')
})

it('false for a floor that was not reached has its reason in onProblem', async () => {
  const { logger, problems } = makeLogger({ providers: [weak('one')] })
  expect(await logger.logAction(event, { durability: 'local' })).toBe(false)
  expect(problems.map(({ code, message }) => [code, message.replace(/Record \S+/, 'Record …')])).toEqual([
    ['not_confirmed', 'Record … is not confirmed: asked for durability "local", reached memory'],
  ])
})

it('a signal that a provider aborts while it is handed the record ends the call', async () => {
  const given = new AbortController()
  const { logger } = makeLogger({
    providers: [
      new FakeProvider('one', (delivery) => {
        given.abort()
        delivery.acknowledge(new Promise(() => undefined))
      }),
    ],
  })
  expect((await rejection(logger.emit(event, { signal: given.signal }))).code).toBe('aborted')
})

it('the warning that nothing is durable also comes when the durable module is switched off', async () => {
  let on = true
  const disk = { code: 'disk', enabled: () => on, auditProvider: () => new FakeProvider('disk') }
  const { logger, problems } = makeLogger({ providers: [weak('one')], modules: [disk] })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems).toEqual([])
  on = false
  expect(await logger.logAction(event)).toBe(true)
  expect(problems.map(({ code }) => code)).toEqual(['no_durable_provider'])
})
