import { context as contextApi } from '@opentelemetry/api'
import type { ReportProblem } from '../errors.ts'
import type { AuditEvent, AuditEventInput } from '../event/audit-event.ts'
import { errorType } from '../event/markers.ts'
import type { AuditCallOptions, AuditLogger } from './audit-logger.ts'
import { describe } from '../telemetry/describe-cause.ts'

interface Tracker {
  readonly logger: Pick<AuditLogger, 'logAction'>
  readonly prepare: (input: unknown) => AuditEvent
  readonly report: ReportProblem
}

/** Runs `fn`, records how it ended, and lets its result or error stand. */
export async function trackAction<T>(
  { logger, prepare, report }: Tracker,
  event: AuditEventInput | ((result: T | undefined, error?: unknown) => AuditEventInput),
  fn: () => T | Promise<T>,
  options: AuditCallOptions = {},
): Promise<T> {
  if (typeof event !== 'function') prepare(event)
  // The record belongs to the span in which the action began.
  const context = options.context ?? contextApi.active()
  const record = async (result: T | undefined, failure?: { error: unknown }): Promise<void> => {
    try {
      const input = typeof event === 'function' ? event(result, failure?.error) : event
      const outcome = withOutcome(input, failure, typeof event === 'function')
      const confirmed = await logger.logAction(outcome, { ...options, context })
      if (!confirmed && options.signal?.aborted === true) {
        report({ code: 'aborted', message: 'track: the action ran, and its record was given up by the signal' })
      }
    } catch (cause) {
      report({ code: 'invalid_event', message: `track: the event could not be made: ${describe(cause)}`, cause })
    }
  }
  let result: T
  try {
    result = await fn()
  } catch (error) {
    await record(undefined, { error })
    throw error
  }
  await record(result)
  return result
}

/** A function's own outcome stands; a plain event's was written before the action ran. */
function withOutcome(input: AuditEventInput, failure: { error: unknown } | undefined, own: boolean): AuditEventInput {
  if (failure === undefined) return input
  return {
    ...input,
    outcome: own ? (input.outcome ?? 'failure') : 'failure',
    attributes: { 'error.type': errorType(failure.error), ...input.attributes },
  }
}
