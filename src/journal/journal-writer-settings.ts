import type { ReportProblem } from '../errors.ts'
import type { FileSystem } from './file-system.ts'
import type { Gap } from './gap-ledger.ts'
import type { Lock, TakeLock } from './lock.ts'
import type { RecordCodec } from './record-codec.ts'
import type { StreamWriter } from './stream-writer.ts'
import type { SyncEngine } from './sync.ts'

/** The records of the pipeline's own life, which the journal asks for but does not make. */
export interface PipelineRecords<R> {
  /** The first record of a stream. `reason`: why the stream before it in this process ended without end. */
  start(stream: string, reason: string | undefined): R
  /** Tells that records were refused or set aside (`unconfirmed`). */
  gap(stream: string, gap: Gap): R
  /** The last record of a stream that is closed in order (rule I9). */
  stop(stream: string): R
}

export interface JournalWriterSettings<R> {
  readonly directory: string
  readonly segmentMaxBytes: number
  /** Bytes of all streams at which records are refused; `Infinity`: none. */
  readonly maxBytes: number
  /** Above either, the caller's tick waits for the disk (or, with `refuse`, the record is refused). */
  readonly maxUnsyncedBytes: number
  readonly maxUnsyncedRecords: number
  readonly onQueueFull: 'block' | 'refuse'
  readonly fs: FileSystem
  readonly engine: SyncEngine
  readonly takeLock: TakeLock
  readonly codec: RecordCodec<R>
  readonly records: PipelineRecords<R>
  readonly newStreamId: () => string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly report: ReportProblem
}

/** What the rest of the journal hears from the writer. */
export interface JournalWriterEvents<R> {
  onDurable(): void
  onStreamOpened(stream: StreamWriter<R>): void
  /** The stream is over; with `failed` it has no end and is adopted like that of a dead process. The lock goes along. */
  onStreamOver(stream: StreamWriter<R>, failed: boolean, lock: Lock | undefined): void
}
