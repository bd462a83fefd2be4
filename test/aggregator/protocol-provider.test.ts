import { expect, it, vi } from 'vitest'
import type { AuditProviderProtocol } from '../../src/index.ts'
import { event, FakeProvider, no } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

it('the duck type with logAction is a provider: it gets event, db, record and signal', async () => {
  const calls: Parameters<AuditProviderProtocol['logAction']>[] = []
  const provider: AuditProviderProtocol & { answer: unknown } = {
    auditBackend: 'elastic',
    answer: true,
    logAction(...call) {
      calls.push(call)
      return this.answer as boolean
    },
  }
  const { logger } = makeLogger({ modules: [{ code: 'm', auditProvider: () => provider }], providerTimeoutMillis: 25 })
  expect(await logger.logAction(event, { db: 'tx' })).toBe(true)
  expect(calls[0]?.[0].adminUserId).toBe('7')
  expect(calls[0]?.[1].db).toBe('tx')
  expect(calls[0]?.[1].record.attributes['audit.action']).toBe('create_store')
  expect(calls[0]?.[1].signal.aborted).toBe(false)
  for (const answer of [false, undefined, 'true', Promise.resolve(false), Promise.reject(new Error('x'))]) {
    provider.answer = answer
    expect(await logger.logAction(event)).toBe(false)
  }
  provider.answer = new Promise(() => undefined)
  expect((await rejection(logger.emit(event))).code).toBe('provider_timeout')
  expect(calls.at(-1)?.[1].signal.aborted).toBe(true)
})

it('with both shapes in one object the processor wins', async () => {
  const logAction = vi.fn(() => true)
  const both = Object.assign(new FakeProvider('both', no), { logAction })
  const { logger } = makeLogger({ providers: [both] })
  expect(await logger.logAction(event)).toBe(false)
  expect(logAction).not.toHaveBeenCalled()
})

it('the processor wins also when it brings neither forceFlush nor shutdown', async () => {
  const logAction = vi.fn(() => true)
  const inner = new FakeProvider('both', no)
  const onEmit = inner.onEmit.bind(inner)
  const { logger } = makeLogger({ providers: [{ auditBackend: 'both', onEmit, logAction }] })
  expect(await logger.logAction(event)).toBe(false)
  expect(inner.seen).toHaveLength(1)
  expect(logAction).not.toHaveBeenCalled()
  await logger.forceFlush()
  await logger.shutdown()
})

it('of such a processor an async onEmit that rejects is its own failure', async () => {
  const onEmit = (): Promise<never> => Promise.reject(new Error('async onEmit'))
  const both = { auditBackend: 'both', onEmit, logAction: () => true }
  const { logger } = makeLogger({ providers: [both, new FakeProvider('disk')] })
  expect((await logger.emit(event)).backends).toMatchObject({ disk: { ok: true }, both: { ok: false } })
})
