import type { AuditHealthStatus } from '../telemetry/health.ts'
import type { AuditShutdownOptions, AuditTimeLimit, DrainResult, ShutdownResult } from './audit-logger.ts'
import type { Backend } from './member.ts'
import type { BackendChange } from './provider-set.ts'

/** What the logger asks of the journal beyond what it asks of every provider. */
export interface JournalMember extends Backend {
  ready(): Promise<void>
  drain(options?: AuditTimeLimit): Promise<DrainResult>
  shutdown(options?: AuditShutdownOptions): Promise<ShutdownResult | undefined>
  /** Who takes records from now on. */
  backendsChanged(change: BackendChange): void
  health(): {
    readonly status: AuditHealthStatus
    readonly reasons: readonly string[]
    readonly undelivered: number
    readonly oldestUndelivered?: Date | undefined
    readonly setAside: number
    readonly streams: number
  }
}
