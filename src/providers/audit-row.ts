import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { AuditEvent } from '../event/audit-event.ts'
import type { AuditColumn } from './audit-table.ts'
import { detailsJson } from './details-json.ts'

/** One row, column by column; `details` is JSON text. */
export type AuditRow = Readonly<Record<Exclude<AuditColumn, 'id'>, string | null>>

export function auditRow(event: AuditEvent, record: Pick<ReadableLogRecord, 'spanContext'>): AuditRow {
  return {
    record_id: event.recordId,
    admin_user_id: event.adminUserId,
    action: event.action,
    target_type: event.targetType,
    target_id: event.targetId,
    details: detailsJson(event.details),
    ip_address: event.ipAddress ?? null,
    user_agent: event.userAgent ?? null,
    request_id: event.requestId ?? null,
    trace_id: record.spanContext?.traceId ?? null,
    outcome: event.outcome,
    created_at: event.occurredAt.toISOString(),
  }
}

/**
 * The row as one JSON text that `::jsonb` always takes. PostgreSQL has no U+0000 in text or jsonb: it becomes the six
 * visible characters `\u0000`. (Nor has it lone surrogates: U+FFFD.) A cast that failed would abort the caller's
 * transaction before any savepoint.
 */
export function rowJsonb(row: AuditRow): string {
  const { details, ...columns } = row
  const text = `${JSON.stringify(columns).slice(0, -1)},"details":${details ?? '{}'}}`
  return text.replace(/\\(?:u[0-9a-f]{4}|.)/gi, (escape) => {
    const lower = escape.toLowerCase()
    if (lower === '\\u0000') return '\\\\u0000'
    return /^\\ud[89a-f]/.test(lower) ? '\\ufffd' : escape
  })
}
