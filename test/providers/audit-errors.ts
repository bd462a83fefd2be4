import { isAuditError } from '../../src/errors.ts'
import type { SlotOutcome } from '../../src/testing/slot-driver.ts'

/** The AuditError of a slot that failed, as `code: message`. */
export function failureOf(outcome: SlotOutcome): string {
  if (!outcome.ok && isAuditError(outcome.error)) return `${outcome.error.code}: ${outcome.error.message}`
  throw new Error(`expected an AuditError, got ${JSON.stringify(outcome)}`)
}

/** The AuditError that `make` throws, as `code: message`. */
export function thrownBy(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    if (isAuditError(error)) return `${error.code}: ${error.message}`
  }
  throw new Error('expected an AuditError')
}
