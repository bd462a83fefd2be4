import { createEventPreparer, type EventPreparerSettings } from '../../src/event/prepare-event.ts'
import type { AuditEvent } from '../../src/event/audit-event.ts'
import { AuditError } from '../../src/errors.ts'

/** The least that an event must have. */
export const minimal = { adminUserId: 'u1', action: 'create_store', targetType: 'store', targetId: 's1' } as const

/** A minimal event with these details. */
export function withDetails(details: unknown, settings: EventPreparerSettings = {}): AuditEvent {
  return createEventPreparer(settings)({ ...minimal, details })
}

/** The AuditError that the preparer throws for an input. */
export function refusal(input: unknown, settings: EventPreparerSettings = {}): AuditError {
  try {
    createEventPreparer(settings)(input)
  } catch (error) {
    if (error instanceof AuditError) return error
    throw error
  }
  throw new Error('the event was accepted')
}

/** Nested `levels` deep: `{ child: { child: … } }`. */
export function nested(levels: number): object {
  let value: object = { end: true }
  for (let i = 1; i < levels; i++) value = { child: value }
  return value
}
