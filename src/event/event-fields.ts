import { hash } from 'node:crypto'
import { AuditError } from '../errors.ts'
import { invalidEvent } from './invalid-event.ts'
import { describeThrown } from './markers.ts'

/** The longest text of a field, in UTF-16 units. Mandatory fields are refused beyond it, optional ones are cut. */
export const maxFieldLength = 8192

/** The fields of an input as they were found, each read once. */
export interface RawFields {
  readonly adminUserId: unknown
  readonly action: unknown
  readonly targetType: unknown
  readonly targetId: unknown
  readonly details: unknown
  readonly ipAddress: unknown
  readonly userAgent: unknown
  readonly requestId: unknown
  readonly outcome: unknown
  readonly actorType: unknown
  readonly actorName: unknown
  readonly targetName: unknown
  readonly eventName: unknown
  readonly occurredAt: unknown
  readonly recordId: unknown
  readonly attributes: unknown
}

/** @throws AuditError `invalid_event` when the input is no object, or when reading a field throws */
export function readFields(input: unknown): RawFields {
  if (typeof input !== 'object' || input === null) {
    throw invalidEvent('the event', input, 'an object with adminUserId, action, targetType and targetId')
  }
  const source = input as RawFields
  try {
    return {
      adminUserId: source.adminUserId,
      action: source.action,
      targetType: source.targetType,
      targetId: source.targetId,
      details: source.details,
      ipAddress: source.ipAddress,
      userAgent: source.userAgent,
      requestId: source.requestId,
      outcome: source.outcome,
      actorType: source.actorType,
      actorName: source.actorName,
      targetName: source.targetName,
      eventName: source.eventName,
      occurredAt: source.occurredAt,
      recordId: source.recordId,
      attributes: source.attributes,
    }
  } catch (cause) {
    const message = `Audit event refused: reading a field of it threw (${describeThrown(cause)}); expected plain values.`
    throw new AuditError('invalid_event', message, { cause })
  }
}

/** A text that has to be there. @throws AuditError `invalid_event` */
export function requiredText(field: string, value: unknown, hint = ''): string {
  if (typeof value !== 'string' || value.trim() === '') throw invalidEvent(field, value, `a non-empty string${hint}`)
  return bounded(field, value)
}

/** An id that has to be there; numbers and bigints become their decimal text. @throws AuditError `invalid_event` */
export function requiredId(field: string, value: unknown, hint = ''): string {
  if (typeof value === 'string' && value.trim() !== '') return bounded(field, value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'bigint') return bounded(field, value.toString(BigInt.asIntN(4096, value) === value ? 10 : 16))
  throw invalidEvent(field, value, `a non-empty string, a finite number or a bigint${hint}`)
}

function bounded(field: string, text: string): string {
  if (text.length > maxFieldLength) {
    throw invalidEvent(
      field,
      text,
      `at most ${maxFieldLength} characters (found ${text.length}): put the rest in details`,
    )
  }
  return text.isWellFormed() ? text : text.toWellFormed()
}

/**
 * A text that may be absent; `''` counts as absent. One of more than 8,192 characters is cut, and ends with its length and
 * the SHA-256 of the whole. @throws AuditError `invalid_event` for another type
 */
export function optionalText(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw invalidEvent(field, value, 'a string, null or undefined')
  if (value.length > maxFieldLength) return cut(value)
  return value.isWellFormed() ? value : value.toWellFormed()
}

function cut(text: string): string {
  const end = ` [cut from ${text.length} characters, SHA-256 ${hash('sha256', text, 'hex')}]`
  return text.slice(0, maxFieldLength - end.length).toWellFormed() + end
}

/** One of a closed list; absent gives the default. @throws AuditError `invalid_event` */
export function oneOf<T extends string>(field: string, value: unknown, allowed: readonly T[], byDefault: T): T {
  if (value === undefined || value === null || value === '') return byDefault
  for (const candidate of allowed) if (candidate === value) return candidate
  throw invalidEvent(field, value, allowed.map((candidate) => `'${candidate}'`).join(', '))
}
