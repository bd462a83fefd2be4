import { AuditError, isAuditError } from '../errors.ts'
import { describe } from '../telemetry/describe-cause.ts'

/** Whatever kept a record from being taken, as the error that callers know. */
export function asAuditError(cause: unknown): AuditError {
  if (isAuditError(cause)) return cause
  return new AuditError('invalid_event', `The record could not be taken: ${describe(cause)}`, { cause })
}
