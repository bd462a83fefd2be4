export type {
  AuditBackendResult,
  AuditCallOptions,
  AuditConfirmBy,
  AuditLogger,
  AuditReceipt,
  AuditShutdownOptions,
  AuditTimeLimit,
  DrainResult,
  ShutdownResult,
} from './aggregator/audit-logger.ts'
export {
  getAuditDelivery,
  isAuditProvider,
  type AuditDelivery,
  type AuditProvider,
  type AuditProviderDurability,
  type AuditProviderProtocol,
  type ModuleDefinition,
} from './aggregator/audit-provider.ts'
export type { AuditReceiptDurability } from './aggregator/confirmation.ts'
export type { AuditCollectorOptions, AuditJournalOptions, AuditLoggerOptions } from './config.ts'
export type { ResourceLike } from './config/resource-config.ts'
export { settingsTable, type Setting, type SettingType } from './config/settings-table.ts'
export { traceIdFromRequestId } from './context/correlation.ts'
export { createAuditLogger } from './create-audit-logger.ts'
export type { CollectorHeaders } from './delivery/collector-settings.ts'
export {
  AuditError,
  auditErrorCodes,
  isAuditError,
  type AuditErrorCode,
  type AuditProblem,
  type AuditProblemCode,
} from './errors.ts'
export type { AuditActorType, AuditEvent, AuditEventInput, AuditOutcome, AuditSourceType } from './event/audit-event.ts'
export { recordIdFrom } from './event/record-id.ts'
export type { RedactOptions } from './event/redaction.ts'
export { auditLogger, getAuditLogger, setAuditLogger } from './facade.ts'
export { journalProvider, type JournalProvider, type JournalProviderOptions } from './journal-provider.ts'
export { consoleProvider, type ConsoleProviderOptions } from './providers/console-provider.ts'
export { databaseProvider, type DatabaseProviderOptions } from './providers/database-provider.ts'
export { type AuditSession } from './providers/database-session.ts'
export { exporterProvider, type ExporterProviderOptions } from './providers/exporter-provider.ts'
export {
  memoryProvider,
  type MemoryProvider,
  type MemoryProviderOptions,
  type MemoryQuery,
  type MemoryRecord,
} from './providers/memory-provider.ts'
export { processorProvider } from './providers/processor-provider.ts'
export type { AuditHealth, AuditHealthStatus } from './telemetry/health.ts'
export type { OnProblem } from './telemetry/problems.ts'
