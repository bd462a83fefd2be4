import { hash } from 'node:crypto'
import { AuditError } from '../errors.ts'

/**
 * A record id that is the same for the same parts, in every process and version: give it to retried work such as a queue
 * job, so that the retry is known as a repeat (rule W2).
 *
 * It is a UUID of version 8 made of the first 122 bits of SHA-256 over `otel-audit/record-id/1` followed by every part
 * as `<length>:<text>`, so that `('a', 'bc')` and `('ab', 'c')` differ. Numbers and bigints count as their decimal text,
 * as everywhere in an event: `42`, `42n` and `'42'` give one id.
 *
 * @example recordIdFrom('invoice-job', job.id, job.attempt)
 * @throws AuditError `invalid_event` without parts, or for a part of another kind
 */
export function recordIdFrom(...parts: (string | number | bigint)[]): string {
  if (parts.length === 0) throw new AuditError('invalid_event', 'recordIdFrom needs at least one part, found none.')
  let text = 'otel-audit/record-id/1'
  for (const [index, part] of parts.entries()) {
    const written = partText(part, index)
    text += `${written.length}:${written}`
  }
  const hex = hash('sha256', text, 'hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function partText(part: unknown, index: number): string {
  if (typeof part === 'string') return part.toWellFormed()
  if (typeof part === 'bigint' || (typeof part === 'number' && Number.isFinite(part))) return String(part)
  const found = typeof part === 'number' ? String(part) : part === null ? 'null' : typeof part
  throw new AuditError(
    'invalid_event',
    `recordIdFrom: part ${index + 1} is ${found}; expected a string, a finite number or a bigint.`,
  )
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const nil = '00000000-0000-0000-0000-000000000000'

/** The lower-case form of a UUID of any version; `undefined` for other text and for the nil UUID, which names nothing. */
export function normalUuid(text: string): string | undefined {
  if (text.length !== nil.length) return undefined
  const lower = text.toLowerCase()
  return uuid.test(lower) && lower !== nil ? lower : undefined
}
