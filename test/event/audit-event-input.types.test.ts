import { expect, it } from 'vitest'
import type { AuditEventInput } from '../../src/event/audit-event.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'

interface Request {
  ip: string | undefined
  get(name: string): string | undefined
}
interface UserRow {
  id: number
  tenant: string | null
  name: string | null
  big: bigint
}
interface Change {
  readonly field: string
  readonly before?: number
}

const request: Request = { ip: undefined, get: () => undefined }
const row: UserRow = { id: 7, tenant: null, name: null, big: 9n }
const change: Change = { field: 'max' }

it('takes what Express, database rows and interfaces give, without casts (checked by tsc)', () => {
  const input: AuditEventInput = {
    adminUserId: row.id,
    action: 'update_setting',
    targetType: 'setting',
    targetId: row.big,
    details: change,
    ipAddress: request.ip,
    userAgent: request.get('user-agent'),
    requestId: row.tenant,
    actorName: row.name,
    outcome: undefined,
    occurredAt: null,
    attributes: { 'tenant.id': row.tenant, tags: ['a'], at: new Date(0) },
  }
  const lists: AuditEventInput = { ...input, details: [change] }
  const maps: AuditEventInput = { ...input, details: new Map([['a', 1]]) }
  const prepare = createEventPreparer()
  expect(prepare(input)).toMatchObject({ adminUserId: '7', targetId: '9', details: { field: 'max' } })
  expect(prepare(lists).details).toEqual({ items: [{ field: 'max' }] })
  expect(prepare(maps).details).toEqual({ a: 1 })
})

it('refuses what is no event (checked by tsc)', () => {
  const input = { adminUserId: 'u', action: 'a', targetType: 't', targetId: 's' }
  // @ts-expect-error an outcome outside the list
  const outcome: AuditEventInput = { ...input, outcome: 'ok' }
  // @ts-expect-error details that are no object
  const details: AuditEventInput = { ...input, details: 'text' }
  // @ts-expect-error an actor that may be absent
  const actor: AuditEventInput = { ...input, adminUserId: undefined }
  // @ts-expect-error a moment as text
  const moment: AuditEventInput = { ...input, occurredAt: '2026-01-01' }
  const prepare = createEventPreparer()
  for (const bad of [outcome, details, actor, moment]) expect(() => prepare(bad)).toThrow(/^Audit event refused/)
})
