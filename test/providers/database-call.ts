import { expect } from 'vitest'
import { isAuditError } from '../../src/errors.ts'
import type { AuditEvent } from '../../src/event/audit-event.ts'
import { databaseProvider, type DatabaseProviderOptions } from '../../src/providers/index.ts'
import { sampleAuditEvent } from '../../src/testing/sample-event.ts'
import { SlotDriver, type SlotOutcome } from '../../src/testing/slot-driver.ts'

/** One call to a new database provider. */
export function log(
  db: unknown,
  overrides: Partial<AuditEvent> = {},
  options: DatabaseProviderOptions = {},
): Promise<SlotOutcome> {
  return logWith(new SlotDriver(databaseProvider(options)), db, overrides)
}

export async function logWith(
  driver: SlotDriver,
  db: unknown,
  overrides: Partial<AuditEvent> = {},
): Promise<SlotOutcome> {
  const { outcome, thrown } = driver.put(sampleAuditEvent(overrides), { db })
  expect(thrown).toBeUndefined()
  return (await outcome)!
}

/** The AuditError of a slot that failed. */
export function errorOf(outcome: SlotOutcome): { code: string; message: string } {
  if (outcome.ok || !isAuditError(outcome.error)) throw new Error(`expected an AuditError: ${JSON.stringify(outcome)}`)
  return { code: outcome.error.code, message: outcome.error.message }
}
