import type { AuditEvent } from '../event/audit-event.ts'
import { ownValue } from './own-value.ts'

/** The event for one of several providers: freezing stops neither `setTime` of a Date nor a write into bytes. */
export function ownEvent(event: AuditEvent): AuditEvent {
  return Object.freeze({
    ...event,
    occurredAt: new Date(event.occurredAt),
    observedAt: new Date(event.observedAt),
    details: ownValue(event.details),
    attributes: ownValue(event.attributes),
  })
}
