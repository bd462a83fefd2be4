import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { AuditActorType, AuditEvent, AuditOutcome, AuditSourceType } from '../event/audit-event.ts'

/** True for a log record of the audit trail (rule R3); ordinary logs in a shared LoggerProvider are not ours. */
export function isAuditRecord(record: Pick<ReadableLogRecord, 'attributes'>): boolean {
  return textOf(record.attributes['audit.record.id']) !== undefined
}

/** The `audit.record.id` of a record, or `''`. */
export function recordIdOf(record: Pick<ReadableLogRecord, 'attributes'>): string {
  return textOf(record.attributes['audit.record.id']) ?? ''
}

/**
 * The event as far as a log record alone tells it: for providers that stand in a plain LoggerProvider, where no slot
 * brings the event itself.
 */
export function eventFromRecord(record: ReadableLogRecord): AuditEvent {
  const attribute = (key: string): string | undefined => textOf(record.attributes[key])
  const present = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
    value === undefined ? {} : ({ [key]: value } as Record<K, string>)
  const sourceType = attribute('audit.source.type') as AuditSourceType | undefined
  return Object.freeze({
    recordId: recordIdOf(record),
    eventName: record.eventName ?? '',
    adminUserId: attribute('audit.actor.id') ?? 'unknown',
    actorType: (attribute('audit.actor.type') ?? 'user') as AuditActorType,
    ...present('actorName', attribute('audit.actor.name')),
    action: attribute('audit.action') ?? '',
    outcome: (attribute('audit.outcome') ?? 'unknown') as AuditOutcome,
    targetType: attribute('audit.target.type') ?? '',
    targetId: attribute('audit.target.id') ?? '',
    ...present('targetName', attribute('audit.target.name')),
    details: isMap(record.body) ? record.body : record.body === undefined ? {} : { body: record.body },
    ...present('ipAddress', attribute('audit.source.id')),
    ...(sourceType === undefined ? {} : { sourceType }),
    ...present('userAgent', attribute('user_agent.original')),
    ...present('requestId', attribute('audit.request.id')),
    occurredAt: dateOf(record.hrTime),
    observedAt: dateOf(record.hrTimeObserved),
    attributes: Object.fromEntries(Object.entries(record.attributes).filter(([key]) => isExtra(key))),
    detailsAltered: pointersOf(record.attributes['audit.details.altered']),
    detailsRedacted: pointersOf(record.attributes['audit.details.redacted']),
  })
}

function isExtra(key: string): boolean {
  return !key.startsWith('audit.') && key !== 'user_agent.original'
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function pointersOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((pointer) => typeof pointer === 'string') : []
}

function dateOf([seconds, nanoseconds]: readonly [number, number]): Date {
  return new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6))
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
