import type { AuditError, ReportProblem } from '../errors.ts'
import type { ArenaPool } from './arena.ts'
import type { FileSystem } from './file-system.ts'
import type { RecordCodec } from './record-codec.ts'
import type { SyncEngine } from './sync.ts'

export interface StreamWriterSettings<R> {
  readonly id: string
  readonly journalDirectory: string
  readonly segmentMaxBytes: number
  readonly fs: FileSystem
  readonly engine: SyncEngine
  readonly codec: RecordCodec<R>
  readonly arenas: ArenaPool
  readonly report: ReportProblem
  /** Lines became durable. */
  readonly onDurable: () => void
  /** The stream is over without end: both the segment and the one that replaced it failed. */
  readonly onFailed: (error: AuditError, refused: number) => void
}
