import { types } from 'node:util'
import { invalidEvent } from './invalid-event.ts'

const farMillis = 5000

/** The attribute that keeps the moment which a caller claimed when it lay in the future. */
export const claimedTimestampKey = 'audit.timestamp.claimed'

export interface EventTime {
  /** When it happened, in ms; never later than the moment of observation (rule R1). */
  readonly occurred: number
  /** What the caller claimed, as ISO text, when it lay in the future. */
  readonly claimed: string | undefined
}

/**
 * When an event happened, given when it is seen (ms). A later moment is clamped and kept as the claim; more than 5 s of
 * difference is warned of (rule P12).
 *
 * @throws AuditError `invalid_event` for what is no valid Date after 1970-01-01T00:00:00Z
 */
export function eventTime(occurredAt: unknown, observed: number, warn: (message: string) => void): EventTime {
  const time = types.isDate(occurredAt) ? Date.prototype.getTime.call(occurredAt) : Number.NaN
  if (!(time > 0)) {
    const bad = types.isDate(occurredAt) && !Number.isNaN(time) ? new Date(time).toISOString() : undefined
    throw invalidEvent('occurredAt', bad ?? occurredAt, 'a valid Date after 1970-01-01T00:00:00Z')
  }
  if (time > observed) {
    const claimed = new Date(time).toISOString()
    warn(
      `Audit event: occurredAt ${claimed} is ${time - observed} ms in the future; the record carries the time of the ` +
        'call, the claim is kept in audit.timestamp.claimed. Check the clock that occurredAt comes from.',
    )
    return { occurred: observed, claimed }
  }
  if (observed - time > farMillis) {
    warn(`Audit event: occurredAt ${new Date(time).toISOString()} is ${observed - time} ms before the call (rule P12).`)
  }
  return { occurred: time, claimed: undefined }
}
