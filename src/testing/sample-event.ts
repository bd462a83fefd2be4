import { randomUUID } from 'node:crypto'
import type { AuditEvent } from '../event/audit-event.ts'

/** A complete audit event as providers get it, for tests of providers. */
export function sampleAuditEvent(overrides: Partial<AuditEvent> = {}): AuditEvent {
  const occurredAt = overrides.occurredAt ?? new Date()
  return Object.freeze({
    recordId: randomUUID(),
    eventName: 'admin.store.create',
    adminUserId: '42',
    actorType: 'user',
    action: 'create_store',
    outcome: 'success',
    targetType: 'store',
    targetId: '7',
    details: Object.freeze({}),
    ipAddress: '192.0.2.7',
    sourceType: 'ipv4',
    userAgent: 'provider-contract/1.0',
    requestId: 'req-1',
    occurredAt,
    observedAt: occurredAt,
    attributes: Object.freeze({}),
    detailsAltered: [],
    detailsRedacted: [],
    ...overrides,
  })
}

/** The log record of an event (contract table of attributes). */
export function sampleLogRecord(event: AuditEvent): {
  eventName: string
  timestamp: Date
  observedTimestamp: Date
  body?: unknown
  attributes: Record<string, string>
} {
  const optional = (key: string, value: string | undefined): Record<string, string> => (value ? { [key]: value } : {})
  return {
    eventName: event.eventName,
    timestamp: event.occurredAt,
    observedTimestamp: event.observedAt,
    ...(Object.keys(event.details).length > 0 ? { body: event.details } : {}),
    attributes: {
      'audit.record.id': event.recordId,
      'audit.schema.version': '1.0.0',
      'audit.actor.id': event.adminUserId,
      'audit.actor.type': event.actorType,
      'audit.action': event.action,
      'audit.outcome': event.outcome,
      'audit.target.type': event.targetType,
      'audit.target.id': event.targetId,
      ...optional('audit.source.id', event.ipAddress),
      ...optional('audit.source.type', event.sourceType),
      ...optional('user_agent.original', event.userAgent),
      ...optional('audit.request.id', event.requestId),
    },
  }
}
