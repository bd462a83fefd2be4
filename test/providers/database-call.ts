import { expect } from 'vitest'
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
  return outcome
}
