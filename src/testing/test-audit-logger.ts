import { createLogger } from '../create-audit-logger.ts'
import type { AuditLogger, AuditLoggerOptions } from '../index.ts'
import { memoryProvider, type MemoryProvider } from '../providers/index.ts'

export interface TestAuditLogger extends Pick<MemoryProvider, 'records' | 'events' | 'find' | 'filter' | 'clear'> {
  /** The logger to hand to the code under test, or to `setAuditLogger`. */
  readonly logger: AuditLogger
}

/**
 * An audit logger that keeps its records in memory, and its records: for tests of a service. It checks, redacts and
 * correlates events as the real one does, touches no disk and warns of nothing.
 *
 * @throws AuditError `bad_config`
 * @example
 * const audit = createTestAuditLogger()
 * const undo = setAuditLogger(audit.logger)
 * await deleteStore(12)
 * assert.ok(audit.find({ action: 'delete_store', targetId: '12' }))
 */
export function createTestAuditLogger(
  options: Omit<AuditLoggerOptions, 'journal' | 'collector' | 'providers'> = {},
): TestAuditLogger {
  const memory = memoryProvider()
  return {
    logger: createLogger({ ...options, providers: [memory], journal: false }, { weakByIntent: true }),
    records: () => memory.records(),
    events: () => memory.events(),
    find: (query) => memory.find(query),
    filter: (query) => memory.filter(query),
    clear: () => memory.clear(),
  }
}
