import { hash } from 'node:crypto'
import type { AuditEvent } from './audit-event.ts'
import { claimedTimestampKey } from './event-time.ts'
import { stableJson } from './stable-json.ts'

/**
 * SHA-256 (hex) of what an event says: all but its record id and its times; trace ids are no part of it. Two events with
 * one caller-given record id and one content hash are a repeat, two hashes are a conflict (rule W2).
 */
export function eventContentHash(event: AuditEvent): string {
  return hash(
    'sha256',
    stableJson([
      [event.eventName, event.adminUserId, event.actorType, event.action, event.outcome],
      [event.targetType, event.targetId, event.actorName ?? null, event.targetName ?? null],
      [event.ipAddress ?? null, event.userAgent ?? null, event.requestId ?? null],
      marked(event.details),
      marked(event.attributes),
    ]),
    'hex',
  )
}

/** Bytes and text, and numbers and bigints, must not give one hash: wraps what JSON text would confuse. */
function marked(value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: [String(value)] }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { bytes: [value] }
  if (Array.isArray(value)) return value.map(marked)
  return {
    map: Object.entries(value)
      .filter(isContent)
      .map(([key, item]) => [key, marked(item)] as const)
      .sort(byKey),
  }
}

function isContent(entry: readonly [string, unknown]): boolean {
  return entry[0] !== claimedTimestampKey
}

function byKey(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0
}
