import type { AuditReceipt } from './aggregator/audit-logger.ts'

/**
 * Every code an {@link AuditError} can carry. The list is closed: a new code comes only together with its
 * row in `docs/errors.md`.
 */
export const auditErrorCodes = [
  'invalid_event',
  'record_id_conflict',
  'bad_config',
  'shut_down',
  'journal_full',
  'disk_full',
  'disk_error',
  'not_confirmed',
  'no_provider',
  'provider_failed',
  'provider_timeout',
  'duplicate_backend',
  'already_owned',
  'bad_session',
  'corrupt',
  'ambiguous',
  'aborted',
] as const

export type AuditErrorCode = (typeof auditErrorCodes)[number]

const brand = Symbol.for('otel-audit/error')

/**
 * The one error class of the package. `code` says what kind of failure it is, `message` what happened, where, and
 * what to do about it, `cause` what lay beneath.
 *
 * A rejection of `emit` means *not confirmed*, not *not recorded*; `receipt` then holds what was reached.
 */
export class AuditError extends Error {
  override readonly name = 'AuditError'
  readonly code: AuditErrorCode
  /** What had been reached when the call failed; absent when nothing was. */
  readonly receipt?: AuditReceipt
  readonly [brand] = true

  constructor(code: AuditErrorCode, message: string, options: { cause?: unknown; receipt?: AuditReceipt } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if (options.receipt !== undefined) this.receipt = options.receipt
  }
}

/** True for an {@link AuditError} of this or of any other copy of the package. */
export function isAuditError(value: unknown): value is AuditError {
  try {
    return typeof value === 'object' && value !== null && brand in value && 'code' in value
  } catch {
    return false // a revoked proxy, or one whose trap throws
  }
}

/** What is reported through `onProblem`: every error code, and conditions that are no error of one call. */
export type AuditProblemCode =
  | AuditErrorCode
  | 'journal_volatile'
  | 'lock_unavailable'
  | 'no_durable_provider'
  | 'queue_high_water'
  | 'set_aside'
  | 'collector_failing'
  | 'records_lost'
  | 'tail_lost'
  | 'torn'
  | 'unknown_variable'
  | 'sdk_disabled_ignored'
  | 'in_memory'

/** One report to the operator: something was lost or refused, or the trail's health became `failing`. */
export interface AuditProblem {
  readonly code: AuditProblemCode
  /** What happened, where, and what to do. */
  readonly message: string
  /** How many reports of this code this one stands for (1 for the first; more when a throttled run is summed up). */
  readonly count: number
  readonly backend?: string
  readonly recordId?: string
  readonly cause?: unknown
}

/** How a room reports a problem; the composition root throttles and forwards it to `onProblem`. */
export type ReportProblem = (problem: Omit<AuditProblem, 'count'>) => void
