import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { checkEventName, eventNameOf } from '../../src/event/event-name.ts'
import { AuditError } from '../../src/errors.ts'

describe('the event name (rule R2)', () => {
  it.each([
    ['store', 'create_store', 'admin.store.create'],
    ['store', 'store.create', 'admin.store.create'],
    ['session', 'login', 'admin.session.login'],
    ['setting', 'update_setting', 'admin.setting.update'],
    ['Store', 'CREATE_STORE', 'admin.store.create'],
    ['api key', 'revoke_api key', 'admin.api_key.revoke'],
    ['api-key', 'revoke_api_key', 'admin.api_key.revoke'],
    ['billing.invoice', 'billing.invoice.send', 'admin.billing.invoice.send'],
    ['store', 'store', 'admin.store.store'],
    ['store', 'restore', 'admin.store.restore'],
    ['store', 'store_create', 'admin.store.store_create'],
    ['user', '--ban!!user now--', 'admin.user.ban_user_now'],
    ['user', 'a...b', 'admin.user.a.b'],
    ['店', '作成', 'admin'],
    ['店', 'create', 'admin.create'],
    ['store', '???', 'admin.store'],
  ])('of %s and %s is %s', (targetType, action, name) => {
    expect(eventNameOf(targetType, action)).toBe(name)
    expect(eventNameOf(targetType, action)).toBe(name)
  })

  it('has only the characters [a-z0-9_.], no empty part, and is the same when asked again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (targetType, action) => {
        const name = eventNameOf(targetType, action)
        expect(name).toMatch(/^admin(\.[a-z0-9_]+)*$/)
        expect(eventNameOf(targetType, action)).toBe(name)
      }),
    )
  })

  it('does not mix up names when its memory is full', () => {
    for (let i = 0; i < 3000; i++) expect(eventNameOf(`t${i % 7}`, `do_${i}`)).toBe(`admin.t${i % 7}.do_${i}`)
    expect(eventNameOf('store', 'create_store')).toBe('admin.store.create')
  })
})

describe("a caller's own event name", () => {
  it.each(['user.login.failure', 'a.b', 'Admin.Store-2.Create_x'])('%s is kept', (name) => {
    expect(checkEventName(name)).toBe(name)
  })

  it.each(['login', '.a.b', 'a..b', 'a.b.', 'a. b', ' ', 'a.b\u0000', `a.${'b'.repeat(300)}`])(
    '%o is refused',
    (name) => {
      expect(() => checkEventName(name)).toThrow(AuditError)
      expect(() => checkEventName(name)).toThrow(/^Audit event refused: eventName is ".*; expected at least two parts/s)
    },
  )
})
