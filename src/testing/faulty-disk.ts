import { createLogger } from '../create-audit-logger.ts'
import { AuditError, type AuditLogger, type AuditLoggerOptions } from '../index.ts'
import { journalPlatform } from '../providers/journal-platform.ts'
import { FaultPlan, type DiskFault } from './disk-fault.ts'
import { FaultFileSystem } from './fault-file-system.ts'
import { FaultSyncEngine } from './fault-sync-engine.ts'
import { SlowSyncEngine } from './slow-sync-engine.ts'

const longestTimerMillis = 2 ** 31 - 1

export interface FaultyDiskOptions {
  /** Milliseconds that every sync takes longer than it does here, 0 (the default) to 2,147,483,647. */
  readonly extraSyncMillis?: number
}

/** A disk that fails when told to, under loggers with real journals. */
export interface FaultyDisk {
  /** As `createAuditLogger` of the package, on this disk. @throws AuditError `bad_config` */
  createAuditLogger(options?: AuditLoggerOptions): AuditLogger
  /** Plans a fault. */
  inject(fault: DiskFault): void
  /** Forgets the faults that have not come yet. */
  heal(): void
  /** How many steps have failed so far. */
  readonly injected: number
}

/**
 * For tests of how a service behaves when its disk fails: everything is written and synced for real, and single steps of
 * the journal's segments fail as planned, with or without effect. A slow disk can be had too.
 *
 * @throws AuditError `bad_config` for an `extraSyncMillis` that is no such number
 * @example
 * const disk = createFaultyDisk()
 * const logger = disk.createAuditLogger({ journal: { dir }, collector: false })
 * disk.inject({ step: 'write', code: 'ENOSPC', persisted: false, times: 2 })
 * assert.equal(await logger.logAction(event), false)
 */
export function createFaultyDisk({ extraSyncMillis = 0 }: FaultyDiskOptions = {}): FaultyDisk {
  if (!(extraSyncMillis >= 0 && extraSyncMillis <= longestTimerMillis)) {
    const message = `createFaultyDisk: extraSyncMillis is ${extraSyncMillis}; give milliseconds from 0 to ${longestTimerMillis}`
    throw new AuditError('bad_config', message)
  }
  const plan = new FaultPlan()
  return {
    createAuditLogger(options = {}) {
      const real = journalPlatform()
      const files = new FaultFileSystem(real.fileSystem, plan)
      const syncEngine = () => {
        const engine = new FaultSyncEngine(real.syncEngine(), files, plan)
        return extraSyncMillis > 0 ? new SlowSyncEngine(engine, extraSyncMillis) : engine
      }
      return createLogger(options, { platform: { ...real, fileSystem: files.fileSystem, syncEngine } })
    },
    inject: (fault) => plan.add(fault),
    heal: () => plan.clear(),
    get injected() {
      return plan.injected
    },
  }
}
