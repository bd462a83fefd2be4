import type { AuditError } from '../errors.ts'
import type { ArenaPool } from './arena.ts'
import type { RecordCodec } from './record-codec.ts'
import type { SegmentFilesSettings } from './segment-files.ts'
import type { SyncEngine } from './sync.ts'

export interface StreamWriterSettings<R> extends SegmentFilesSettings {
  readonly engine: SyncEngine
  readonly codec: RecordCodec<R>
  readonly arenas: ArenaPool
  /** The tick is past its own code and runs microtasks, perhaps those of callers who just got their answer. */
  readonly inMicrotasks: () => boolean
  /** Lines became durable. */
  readonly onDurable: () => void
  /** The stream is over without end: both the segment and the one that replaced it failed. */
  readonly onFailed: (error: AuditError, refused: number) => void
}
