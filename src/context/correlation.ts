import { hash } from 'node:crypto'
import { AuditError } from '../errors.ts'

/** Lower-case hex ids as a log record carries them; `spanId` is `''` when none is known: no span id is invented. */
export interface Correlation {
  readonly traceId: string
  readonly spanId: string
}

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/
const hex32 = /^[0-9a-f]{32}$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** How the event ends an overlong request id; the hash is of the whole one. */
const cutLength = 8192
const cut = / \[cut from \d+ characters, SHA-256 ([0-9a-f]{64})\]$/
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/** W3C Trace Context: version `ff` is invalid, version `00` ends after the flags, later ones may go on. */
function fromTraceparent(text: string): Correlation | undefined {
  const match = traceparent.exec(text)
  if (match === null) return undefined
  const [, version, traceId, spanId, more] = match
  if (traceId === undefined || spanId === undefined || traceId === noTrace || spanId === noSpan) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  return { traceId, spanId }
}

function fromHex(text: string): string | undefined {
  if (text.length !== 32 && text.length !== 36) return undefined
  const lower = text.toLowerCase()
  const traceId = uuid.test(lower) ? lower.replaceAll('-', '') : lower
  return hex32.test(traceId) && traceId !== noTrace ? traceId : undefined
}

/**
 * The correlation that a request id gives where no span is active: a valid W3C `traceparent` its trace and span id, 32
 * hex digits or a UUID the trace id, any other text the first 16 bytes of its SHA-256. Ids of zeros alone are invalid and
 * are hashed like any text. A derived trace id may have no trace: search by `audit.request.id` first.
 */
export function correlate(requestId: string | undefined): Correlation | undefined {
  if (requestId === undefined || requestId === '') return undefined
  const parent = requestId.length >= 55 ? fromTraceparent(requestId) : undefined
  if (parent !== undefined) return parent
  const sum = (requestId.length === cutLength && cut.exec(requestId)?.[1]) || undefined
  return { traceId: fromHex(requestId) ?? (sum ?? hash('sha256', requestId, 'hex')).slice(0, 32), spanId: '' }
}

/**
 * The trace id (32 lower-case hex digits) under which the records of a request without an active span are found.
 *
 * @throws AuditError `invalid_event` for empty text
 */
export function traceIdFromRequestId(requestId: string): string {
  const correlation = typeof (requestId as unknown) === 'string' ? correlate(requestId) : undefined
  if (correlation !== undefined) return correlation.traceId
  throw new AuditError('invalid_event', 'traceIdFromRequestId: expected a request id, a non-empty string.')
}
