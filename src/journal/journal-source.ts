/** How far a stream has been delivered: through record `number`, whose integrity hash is `hash`. `{0, ''}` = nothing. */
export interface DeliveryCursor {
  readonly number: number
  readonly hash: string
}

/** One durable line of a stream, as it stands in the file, without the newline. */
export interface DeliverableLine {
  readonly first: number
  readonly last: number
  /** Integrity hash of record `last`. */
  readonly headHash: string
  /** The whole line: `{"otelAudit":"…","resourceLogs":[…]}`. Valid until the next read of this stream. */
  readonly bytes: Uint8Array
}

/** A record that the far end refused for good, kept on disk for an operator (rule P9). */
export interface SetAsideEntry {
  readonly stream: string
  readonly number: number
  readonly recordId: string
  readonly reason: 'rejected' | 'duplicate'
  /** A whole OTLP/JSON logs request that holds this record alone; posting it again is the retry. */
  readonly request: string
  readonly answer: { readonly status: number; readonly body: string; readonly receivedAt: string }
}

/** A stream with records that the far end has not acknowledged. */
export interface SourceStream {
  readonly id: string
  /** True for the stream that this process still writes: it may grow. */
  readonly live: boolean
  readonly cursor: DeliveryCursor
  /**
   * The whole lines that hold the records after the cursor, in order, at most `maxBytes` in all but at least one
   * line when any is durable; never past the durable number. Empty: nothing to deliver now. The first line may begin
   * before the cursor (its first records were delivered already).
   */
  readLines(maxBytes: number): DeliverableLine[]
  /** Everything through `cursor` is acknowledged or set aside. Written to disk at most once a second. */
  advance(cursor: DeliveryCursor): void
}

/** What delivery may ask of a journal. Delivery reads the journal, never the pipeline. */
export interface JournalSource {
  /**
   * The stream to deliver from now: adopted streams first, oldest first, this process's own last. With `after`: the
   * one whose turn comes when that stream is done; delivery compares a refused last record with what comes next.
   */
  nextStream(after?: string): SourceStream | undefined
  /** Calls back whenever a stream may have more to deliver. Returns the undo. */
  onMore(listener: () => void): () => void
  /** Keeps a refused record, durably when this returns. @throws AuditError `disk_full`, `disk_error` */
  setAside(entry: SetAsideEntry): void
  /** Makes the cursors durable now. A failure is reported, not thrown: records are then sent again, never skipped. */
  flushCursors(): Promise<void>
}
