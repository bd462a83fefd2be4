import type { HrTime } from '@opentelemetry/api'
import type { AuditEvent } from './audit-event.ts'
import { noAttributes } from './event-attributes.ts'
import { claimedTimestampKey } from './event-time.ts'

const userAgentKey = 'user_agent.original'
const noKeys: readonly string[] = []

/** Version of the attribute table below (rule R4). */
export const auditSchemaVersion = '1.0.0'

/** An event as the OpenTelemetry log record that it becomes; severity stays unset (rule R5). */
export interface AuditLogRecord {
  readonly eventName: string
  readonly timestamp: HrTime
  readonly observedTimestamp: HrTime
  readonly attributes: Record<string, unknown>
  /** The details, unset when there are none (rule R6). */
  readonly body: unknown
}

/**
 * The log record of an event. Its attributes are created in sorted key order (UTF-16 code units), the caller's own merged
 * in, so that a canonical encoder need not sort; only keys that are array indexes (`'7'`) come first, as in any object.
 */
export function toLogRecord(event: AuditEvent): AuditLogRecord {
  return {
    eventName: event.eventName,
    timestamp: hrTime(event.occurredAt.getTime()),
    observedTimestamp: hrTime(event.observedAt.getTime()),
    attributes: attributesInOrder(event),
    body: isEmpty(event.details) ? undefined : event.details,
  }
}

/** All our keys but the user agent's begin with `audit.`, and no key of the caller's does: those stand before or behind. */
function attributesInOrder(event: AuditEvent): Record<string, unknown> {
  const into: Record<string, unknown> = {}
  const { attributes: own, userAgent } = event
  const ownKeys = own === noAttributes ? noKeys : Object.keys(own)
  let next = 0
  for (let key = ownKeys[0]; key !== undefined && key < 'audit.'; key = ownKeys[++next]) into[key] = own[key]
  addAuditFields(into, event)
  if (ownKeys[next] === claimedTimestampKey) into[claimedTimestampKey] = own[ownKeys[next++] ?? '']
  let userAgentLeft = userAgent
  for (let key = ownKeys[next]; key !== undefined; key = ownKeys[++next]) {
    if (userAgentLeft !== undefined && key >= userAgentKey) {
      into[userAgentKey] = userAgentLeft
      userAgentLeft = undefined
    }
    into[key] = own[key]
  }
  if (userAgentLeft !== undefined) into[userAgentKey] = userAgentLeft
  return into
}

function addAuditFields(into: Record<string, unknown>, event: AuditEvent): void {
  into['audit.action'] = event.action
  into['audit.actor.id'] = event.adminUserId
  if (event.actorName !== undefined) into['audit.actor.name'] = event.actorName
  into['audit.actor.type'] = event.actorType
  if (event.detailsAltered.length > 0) into['audit.details.altered'] = event.detailsAltered
  if (event.detailsRedacted.length > 0) into['audit.details.redacted'] = event.detailsRedacted
  into['audit.outcome'] = event.outcome
  into['audit.record.id'] = event.recordId
  if (event.requestId !== undefined) into['audit.request.id'] = event.requestId
  into['audit.schema.version'] = auditSchemaVersion
  if (event.ipAddress !== undefined) into['audit.source.id'] = event.ipAddress
  if (event.sourceType !== undefined) into['audit.source.type'] = event.sourceType
  into['audit.target.id'] = event.targetId
  if (event.targetName !== undefined) into['audit.target.name'] = event.targetName
  into['audit.target.type'] = event.targetType
}

function isEmpty(details: AuditEvent['details']): boolean {
  for (const _key in details) return false
  return true
}

function hrTime(millis: number): HrTime {
  const seconds = Math.floor(millis / 1000)
  return [seconds, Math.round((millis - seconds * 1000) * 1_000_000)]
}
