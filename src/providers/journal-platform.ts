import { randomUUID } from 'node:crypto'
import { AuditError } from '../errors.ts'
import { nodeFileSystem, type FileSystem } from '../journal/file-system.ts'
import { takeSqliteLock, type TakeLock } from '../journal/lock.ts'
import { SyncWorker, type SyncEngine } from '../journal/sync.ts'

/** What the journal takes from its surroundings: disk, locks, clock, ids. */
export interface JournalPlatform {
  readonly fileSystem: FileSystem
  readonly syncEngine: () => SyncEngine
  readonly takeLock: TakeLock
  readonly now: () => number
  readonly newStreamId: () => string
  /** @throws AuditError `bad_config` for a directory that can't hold a journal */
  readonly checkDirectory: (directory: string, allowNetwork: boolean) => void
}

/** The real one. */
export function journalPlatform(): JournalPlatform {
  return {
    fileSystem: nodeFileSystem,
    syncEngine: () => new SyncWorker(),
    takeLock: takeSqliteLock,
    now: Date.now,
    newStreamId: randomUUID,
    checkDirectory,
  }
}

/** Nothing is made here: only what is there already is looked at. */
function checkDirectory(directory: string, allowNetwork: boolean): void {
  let nearest: string
  try {
    nearest = nodeFileSystem.nearestUsable(directory)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AuditError('bad_config', `journal.dir: ${reason}. Give a directory that this process may write`, {
      cause,
    })
  }
  if (!allowNetwork && nodeFileSystem.kindOf(nearest) === 'network') {
    const message = `journal.dir: ${directory} is on a network file system, whose syncs may promise more than they keep. Use a local disk, or set journal.allowNetworkFileSystem`
    throw new AuditError('bad_config', message)
  }
}
