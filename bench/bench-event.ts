import type { AuditEventInput } from '../src/event/audit-event.ts'

/** The event that every figure is measured with: all common fields, details with two nested maps. */
export function benchEvent(i: number): AuditEventInput {
  return {
    adminUserId: 'admin-42',
    action: 'update_setting',
    targetType: 'setting',
    targetId: `setting-${i}`,
    details: { store: 'Berlin Mitte', before: { vat: 19, currency: 'EUR' }, after: { vat: 7, currency: 'EUR' } },
    ipAddress: '203.0.113.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    requestId: `req-${i}`,
  }
}
