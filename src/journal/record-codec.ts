import type { AuditError } from '../errors.ts'

/** Where the next record of a stream stands. Re-used from record to record: read it at once. */
export interface NextPosition {
  readonly streamId: string
  readonly number: number
  readonly previousHash: string
}

/** How records become text. The journal itself knows only bytes and sequence numbers. */
export interface RecordCodec<R> {
  /** @throws AuditError when the record can't be sealed; then nothing has happened. */
  seal(record: R, position: NextPosition): { readonly wire: string; readonly hash: string }
  /** The text between `"resourceLogs":[` and the first record; the same string for records of the same resource. */
  opening(record: R): string
  /** The text after the last record that closes what `opening` opened. */
  readonly closing: string
}

/** Who waits for a record. Called once, from the event loop or from inside a call that had to wait for the disk. */
export interface AppendWaiter {
  durable(streamId: string, number: number, hash: string): void
  refused(error: AuditError): void
  /** A record of the pipeline's own: that it was refused is no gap in what callers gave. */
  readonly ofPipeline?: true
}
