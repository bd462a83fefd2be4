import type { DatabaseSync } from 'node:sqlite'
import type { ReportProblem } from '../errors.ts'
import type { FileSystem } from './file-system.ts'
import { lockFileName } from './names.ts'

/** A kernel lock that dies with its holder. */
export interface Lock {
  release(): void
}

export type LockOutcome =
  | { readonly state: 'held'; readonly lock: Lock }
  /** Another process or thread, or another logger of this one, holds it: the stream's writer or deliverer lives. */
  | { readonly state: 'busy' }
  /** Locks don't work here; records may then be delivered twice, never forked. */
  | { readonly state: 'unavailable'; readonly reason: string }

/** How the journal locks a stream's directory; passed in, so that tests and models can take its place. */
export type TakeLock = (file: string) => LockOutcome

/** Locks a stream that was just made. Without a lock another process may deliver it as well; nothing is refused for that. */
export function lockNewStream(
  fs: FileSystem,
  takeLock: TakeLock,
  directory: string,
  report: ReportProblem,
): Lock | undefined {
  const file = `${directory}/${lockFileName}`
  try {
    fs.close(fs.openForReplacing(file)) // ours from the start, with our permissions
  } catch {
    // what is wrong with it shows in the next step
  }
  const outcome = takeLock(file)
  if (outcome.state === 'held') return outcome.lock
  const why = outcome.state === 'busy' ? 'it is locked by another process' : outcome.reason
  report({ code: 'lock_unavailable', message: `audit journal: ${file}: ${why}; records may be delivered twice` })
  return undefined
}

/**
 * Node has no call for kernel locks; SQLite takes one, works between processes and between threads, and is built in.
 * The lock file stays empty. `locking_mode=EXCLUSIVE` holds the lock until the connection is closed or its process dies.
 */
export const takeSqliteLock: TakeLock = (file) => {
  let database: DatabaseSync | undefined
  try {
    const sqlite = loadSqlite()
    if (sqlite === undefined) return { state: 'unavailable', reason: 'this Node has no node:sqlite' }
    const opened = new sqlite.DatabaseSync(file)
    database = opened
    opened.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
    return { state: 'held', lock: { release: () => opened.close() } }
  } catch (error) {
    database?.close()
    const message = error instanceof Error ? error.message : String(error)
    return /locked|busy/i.test(message) ? { state: 'busy' } : { state: 'unavailable', reason: message }
  }
}

/** Loaded at the first lock, not with the package; where it is marked experimental, its own warning is left out. */
function loadSqlite(): { readonly DatabaseSync: typeof DatabaseSync } | undefined {
  const warn = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite')) Reflect.apply(warn?.value as () => void, process, [warning, ...rest])
  }
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    if (warn !== undefined) Object.defineProperty(process, 'emitWarning', warn)
  }
}
