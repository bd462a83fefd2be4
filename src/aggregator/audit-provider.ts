import { createContextKey, type Context } from '@opentelemetry/api'
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { AuditEvent } from '../event/audit-event.ts'

/** What a provider's yes is worth. */
export type AuditProviderDurability = 'none' | 'transaction' | 'durable'

/**
 * A backend of the audit trail. It is an OpenTelemetry log record processor: inside `onEmit` it takes its own slot by
 * {@link getAuditDelivery} and calls `acknowledge` once.
 *
 * A provider never changes the record, and no provider MUST see what another did to it: the record and the event are
 * frozen with everything in them, and what can not be frozen (Dates, bytes) each provider has of its own wherever several
 * take the call. `db` alone is one object for all.
 */
export interface AuditProvider extends LogRecordProcessor {
  /** `/^[a-z][a-z0-9_-]{0,31}$/`, such as `journal`, `database`, `elasticsearch`. */
  readonly auditBackend: string
  /** Absent: `durable`. */
  readonly auditDurability?: AuditProviderDurability
}

/** The duck type that a module may implement instead of {@link AuditProvider}; it is wrapped. */
export interface AuditProviderProtocol {
  readonly auditBackend: string
  readonly auditDurability?: AuditProviderDurability
  /** Resolves `true` when the backend has the event; `false`, a throw or a rejection mean that it has not. */
  logAction(
    event: AuditEvent,
    call: { db?: unknown; record: ReadableLogRecord; signal: AbortSignal },
  ): boolean | Promise<boolean>
}

/** One provider's own slot in one call. */
export interface AuditDelivery {
  readonly event: AuditEvent
  /** The caller's session or transaction, if it gave one. */
  readonly db?: unknown
  /** Aborted when the call's time limit passes or its caller gives up. */
  readonly signal: AbortSignal
  /** To be called inside `onEmit`, once. None: `not_confirmed`; `false` or a rejection: failed. */
  acknowledge(done: Promise<boolean | void>): void
}

/** Where the slot of the provider being called travels in the Context. */
export const deliveryKey = createContextKey('otel-audit delivery')

/** Inside `onEmit`: this provider's own slot, or `undefined` outside an audit pipeline (a plain LoggerProvider, NodeSDK). */
export function getAuditDelivery(context: Context | undefined): AuditDelivery | undefined {
  return context?.getValue(deliveryKey) as AuditDelivery | undefined
}

/** A module of the service, known to the aggregator by this shape alone; extra fields are welcome. */
export interface ModuleDefinition {
  code: string
  /** Asked at each call; default `true`. */
  enabled?: boolean | (() => boolean)
  /** Lazy: called once, at the first call (or `ready()`) that finds the module enabled. */
  auditProvider?: () => AuditProvider | AuditProviderProtocol | Promise<AuditProvider | AuditProviderProtocol>
}

const backendName = /^[a-z][a-z0-9_-]{0,31}$/

/**
 * True for either provider shape, checked at run time; false, never a throw, for what can not be read. With both `onEmit`
 * and `logAction` the processor wins, and its `forceFlush` and `shutdown` may be missing: it has nothing to flush then.
 */
export function isAuditProvider(value: unknown): value is AuditProvider | AuditProviderProtocol {
  try {
    if (typeof value !== 'object' || value === null) return false
    const { auditBackend, logAction } = value as Partial<AuditProviderProtocol>
    if (typeof auditBackend !== 'string' || !backendName.test(auditBackend)) return false
    return typeof logAction === 'function' || isProcessor(value)
  } catch {
    return false // a getter or a trap that throws, a revoked proxy
  }
}

/** True for a log record processor, by shape (several copies of the SDK in one tree are normal). */
export function isProcessor(value: unknown): value is LogRecordProcessor {
  try {
    if (typeof value !== 'object' || value === null) return false
    const { onEmit, forceFlush, shutdown } = value as Partial<LogRecordProcessor>
    return typeof onEmit === 'function' && typeof forceFlush === 'function' && typeof shutdown === 'function'
  } catch {
    return false
  }
}
