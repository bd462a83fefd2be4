import { expect, it } from 'vitest'
import { isAuditProvider } from '../../src/index.ts'
import { FakeProvider } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

const logAction = (): boolean => true
const onEmit = (): void => undefined

it('isAuditProvider knows either shape, and a name', () => {
  expect(isAuditProvider(new FakeProvider('disk'))).toBe(true)
  expect(isAuditProvider({ auditBackend: 'disk', logAction })).toBe(true)
  expect(isAuditProvider({ auditBackend: 'disk', logAction, onEmit })).toBe(true)
  expect(isAuditProvider({ auditBackend: 'disk', onEmit })).toBe(false)
  expect(isAuditProvider({ auditBackend: 'Disk', logAction })).toBe(false)
  for (const value of [undefined, null, 'disk', logAction]) expect(isAuditProvider(value)).toBe(false)
})

it('isAuditProvider is false for what cannot be read', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const throws = (): never => {
    throw new Error('hostile')
  }
  const unreadable: object[] = [proxy]
  for (const key of ['auditBackend', 'logAction', 'onEmit']) {
    unreadable.push(Object.defineProperty({ auditBackend: 'disk' }, key, { get: throws }))
  }
  for (const value of unreadable) expect(isAuditProvider(value)).toBe(false)
  const refused = expect.objectContaining({ code: 'bad_config' }) as Error
  expect(() => makeLogger({ providers: [proxy as never] })).toThrow(refused)
  expect(() => makeLogger({ enrichers: [proxy as never] })).toThrow(refused)
})

it('a provider with an unknown auditDurability is refused', () => {
  const provider = { auditBackend: 'disk', auditDurability: 'permanent' as never, logAction }
  const refused = expect.objectContaining({
    code: 'bad_config',
    message:
      'Audit backend "disk": auditDurability is "permanent"; it must be "none", "transaction" or "durable" (absent: "durable")',
  }) as Error
  const other = new FakeProvider('other')
  expect(() => makeLogger({ providers: [other, provider] })).toThrow(refused)
  expect(() => makeLogger({ providers: [Object.assign(new FakeProvider('x'), provider)] })).toThrow(refused)
  makeLogger({ providers: [other, { ...provider, auditDurability: null as never }] })
})
