export { journalProvider, type JournalProvider, type JournalProviderOptions } from '../journal-provider.ts'
export { consoleProvider, type ConsoleProviderOptions } from './console-provider.ts'
export { exporterProvider, type ExporterProviderOptions } from './exporter-provider.ts'
export {
  memoryProvider,
  type MemoryProvider,
  type MemoryProviderOptions,
  type MemoryQuery,
  type MemoryRecord,
} from './memory-provider.ts'
export { processorProvider } from './processor-provider.ts'
export { sqlFor } from './audit-table-sql.ts'
export { type AuditColumn, type AuditTableOptions, type DatabaseDialect } from './audit-table.ts'
export { databaseProvider, type DatabaseProviderOptions } from './database-provider.ts'
export { type AuditSession } from './database-session.ts'
