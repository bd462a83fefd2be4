/** The fields of one log record that are sealed (rule I1), as plain data. */
export interface RecordFields {
  /** Nanoseconds since the epoch, decimal; `'0'` = unset. */
  readonly timeUnixNano: string
  readonly observedTimeUnixNano: string
  readonly eventName: string
  /** 32 lower-case hex digits, or `''`. */
  readonly traceId: string
  /** 16 lower-case hex digits, or `''`. */
  readonly spanId: string
  /** `undefined` = unset. Strings, numbers, bigints within int64, booleans, null, Uint8Array, arrays, plain objects. */
  readonly body: unknown
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Where in its stream a record stands (rule I8). */
export interface StreamPosition {
  readonly streamId: string
  /** 1, 2, 3 … without gaps. */
  readonly number: number
  /** The predecessor's integrity hash, `''` for the first record of a stream. */
  readonly previousHash: string
}

/** A record ready for the journal: its OTLP/JSON text and its integrity hash (rule I7). */
export interface SealedRecord {
  readonly wire: string
  /** SHA-256 of the canonical form, 64 lower-case hex digits. */
  readonly hash: string
}
