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
