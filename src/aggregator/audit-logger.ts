import type { Context } from '@opentelemetry/api'
import type { AuditError } from '../errors.ts'
import type { AuditEventInput } from '../event/audit-event.ts'
import type { AuditHealth } from '../telemetry/health.ts'
import type { AuditReceiptDurability } from './confirmation.ts'

/** Which confirmations make a call confirmed. See {@link AuditLogger.logAction}. */
export type AuditConfirmBy = 'durable' | 'all' | readonly string[]

/** What one call may ask for. */
export interface AuditCallOptions {
  /**
   * The caller's session or transaction, for providers that use it. The call MUST be awaited before the transaction
   * ends; it does not answer before those providers are done with the session. With it the default time limit is
   * 2,000 ms.
   */
  db?: unknown
  /** Only these backends take this call. A name that no configured backend has rejects with `no_provider`. */
  backends?: readonly string[] | undefined
  /**
   * A floor for `true` and for the receipt. `local`: weaker confirmations (`memory`, `transaction`) do not count.
   * `collector`: the record must have been acknowledged by the collector.
   */
  durability?: 'local' | 'collector' | undefined
  /** How long this call waits for its providers, in milliseconds, in place of `providerTimeoutMillis`. */
  timeoutMillis?: number | undefined
  /** Already aborted: nothing is recorded. Aborted later: the call ends with `aborted`, the record may still be kept. */
  signal?: AbortSignal | undefined
  /** The context whose active span the record belongs to. Default: the active one at the call. */
  context?: Context | undefined
}

/** What was reached, and how far it is vouched for (rule P13). */
export interface AuditReceipt {
  readonly recordId: string
  /** The journal's place for the record (rule I8); absent when the journal did not confirm it. */
  readonly streamId?: string
  readonly sequence?: number
  /** SHA-256 of the record's canonical form, 64 lower-case hex digits (rule I7). */
  readonly integrityHash?: string
  /** When the call was confirmed. */
  readonly recordedAt: Date
  /** Set when this very record was confirmed before: what had it then did not get it again. */
  readonly repeated?: true
  /** The strongest confirmation. It never claims more than is so; more values may come. */
  readonly durability: AuditReceiptDurability
  /** What each backend that took the call said. */
  readonly backends: Readonly<Record<string, AuditBackendResult>>
}

export type AuditBackendResult = { readonly ok: true } | { readonly ok: false; readonly error: AuditError }

/** A time limit for an operation of the whole logger. */
export interface AuditTimeLimit {
  /** In milliseconds. */
  timeoutMillis?: number
  signal?: AbortSignal
}

export interface DrainResult {
  /** How many records the collector has not acknowledged; 0 when all were. */
  readonly undelivered: number
}

export interface ShutdownResult {
  /** How many records are durable here and not yet acknowledged by the collector; the next start delivers them. */
  readonly undelivered: number
}

export interface AuditShutdownOptions {
  /** In milliseconds; default 10,000. */
  timeoutMillis?: number
  /** Also wait for the collector, within the time limit. Default: false, the next start delivers. */
  drain?: boolean
}

/**
 * Records who did what to which thing.
 *
 * Records are ordered as the calls were made (rule P14), and each call takes its trace correlation and its place in
 * the order synchronously, before it returns.
 */
export interface AuditLogger {
  /**
   * Records an action. MUST NOT throw and MUST NOT reject.
   *
   * Resolves `true` when the call is confirmed as `confirmBy` asks. With the default (`durable`) it MUST NOT resolve
   * `true` before one durable provider has the record: safe from a crash of process and machine. Only if no durable
   * provider is among the call's backends do weaker confirmations count. `false` means *not confirmed*, not *not
   * recorded*; the reason went to `onProblem`, unless the caller gave up by its own signal.
   *
   * ```ts
   * await auditLogger.logAction({ adminUserId: user.id, action: 'create_store', targetType: 'store', targetId: store.id })
   * ```
   */
  logAction(event: AuditEventInput, options?: AuditCallOptions): Promise<boolean>
  /**
   * Records an action and says how far it got. Resolves when every provider that takes the call has settled within
   * the time limit and the call is confirmed as `confirmBy` asks.
   *
   * @throws AuditError `invalid_event`, `record_id_conflict`, `shut_down`, `no_provider`, `not_confirmed`,
   * `provider_failed`, `provider_timeout`, `disk_full`, `disk_error`, `journal_full`, `bad_session`, `aborted`; its
   * `receipt` holds what was reached.
   */
  emit(event: AuditEventInput, options?: AuditCallOptions): Promise<AuditReceipt>
  /**
   * Runs `fn` and records its success or failure (outcome `failure` with the error's type in `error.type`). The
   * result or error of `fn` stands, whatever becomes of the record. A plain event is checked before `fn` runs.
   *
   * @throws AuditError `invalid_event` before `fn` runs, when a plain event is not valid; else only what `fn` throws
   */
  track<T>(
    event: AuditEventInput | ((result: T | undefined, error?: unknown) => AuditEventInput),
    fn: () => T | Promise<T>,
    options?: AuditCallOptions,
  ): Promise<T>
  /**
   * Runs the lazy providers of the enabled modules and opens the journal. Optional, for boot: a service learns here
   * that it cannot record. A module's provider that fails is reported and does not reject.
   *
   * @throws AuditError `disk_error`, `disk_full` when the journal cannot be opened
   */
  ready(): Promise<void>
  /**
   * Resolves when every record accepted so far is durable here.
   *
   * @throws AuditError `disk_error`, `disk_full`, `provider_failed`, `provider_timeout`
   */
  forceFlush(options?: AuditTimeLimit): Promise<void>
  /** Resolves when the collector has acknowledged every record accepted so far, or at the time limit. */
  drain(options?: AuditTimeLimit): Promise<DrainResult>
  /**
   * Refuses further records (`shut_down`), makes the accepted ones durable here and closes every provider, also when
   * one of them fails. A second call does nothing and does not fail (rule P7).
   */
  shutdown(options?: AuditShutdownOptions): Promise<ShutdownResult>
  /** The state of the trail now; cheap enough for a readiness probe. */
  health(): AuditHealth
  /** `shutdown()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
