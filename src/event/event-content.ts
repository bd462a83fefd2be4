import { hash } from 'node:crypto'
import type { AuditEvent } from './audit-event.ts'
import { claimedTimestampKey } from './event-time.ts'
import type { Fields } from './faithful-copy.ts'

/**
 * SHA-256 (hex) of what an event says: all but its record id and its times; trace ids are no part of it. Two events with
 * one caller-given record id and one content hash are a repeat, two hashes are a conflict (rule W2).
 */
export function eventContentHash(event: AuditEvent): string {
  const { eventName, adminUserId, actorType, action, outcome, targetType, targetId } = event
  const { actorName, targetName, ipAddress, userAgent, requestId, details, attributes } = event
  const fields = [eventName, adminUserId, actorType, action, outcome, targetType, targetId]
  const optional = [actorName ?? null, targetName ?? null, ipAddress ?? null, userAgent ?? null, requestId ?? null]
  return hash(
    'sha256',
    JSON.stringify([fields, optional]) + valueText(details) + valueText(withoutClaim(attributes)),
    'hex',
  )
}

/** One text for one value, in which texts, numbers, bigints and bytes never look alike. */
function valueText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : containerText(value)
    default:
      return String(value)
  }
}

function containerText(value: object): string {
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value) text += `${valueText(item)},`
    return `[${text}]`
  }
  if (value instanceof Uint8Array) return `<${Buffer.from(value).toString('base64')}>`
  for (const key of Object.keys(value).sort()) text += `${JSON.stringify(key)}:${valueText((value as Fields)[key])},`
  return `{${text}}`
}

function withoutClaim(attributes: Readonly<Fields>): Readonly<Fields> {
  if (!(claimedTimestampKey in attributes)) return attributes
  const rest = { ...attributes }
  Reflect.deleteProperty(rest, claimedTimestampKey)
  return rest
}
