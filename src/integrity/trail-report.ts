import type { OtlpLogRecord } from '../otlp/otlp-log-record.ts'
import type { RecordDigest } from './record-digest.ts'

/** Where a record of a trail was found. */
export interface TrailPlace {
  /** A file name, or what else says where the record came from. */
  readonly source: string
  /** From 1. */
  readonly line: number
  /** The integrity hash that something else vouches for, such as the head hash in a journal line's header. */
  readonly expectedHash?: string
  /** True when the source holds the records of a stream in their order, as the journal does. */
  readonly ordered?: boolean
}

/** One record of a trail. */
export interface TrailLogRecord extends TrailPlace {
  readonly record: OtlpLogRecord
}

/** One record of a trail that was digested before, in another thread for instance. */
export interface TrailDigest extends TrailPlace {
  readonly digest: RecordDigest
}

/** A place that could not be read as records, reported among the findings. */
export interface TrailDamage {
  readonly damage: 'corrupt' | 'ambiguous' | 'torn'
  readonly message: string
  readonly source: string
  readonly line: number
  readonly streamId?: string
  readonly number?: number
  readonly recordId?: string
}

export type TrailRecord = TrailLogRecord | TrailDigest | TrailDamage

export type TrailFindingKind =
  /** A record names another predecessor than the one that is there; either may have been changed. */
  | 'wrong_hash'
  /** A record's content is not the one that its successor, its line's header or an adopting stream vouches for. */
  | 'altered'
  /** Numbers of a stream are missing. */
  | 'gap'
  /** Seen again with the same content, or the same record id under another number: an honest retry. */
  | 'repeat'
  /** One number of a stream with two contents. */
  | 'fork'
  /** A record stands behind its successors. */
  | 'reorder'
  /** A record behind the one that closed its stream. */
  | 'after_end'
  /** An audit record without its place in a stream. */
  | 'missing_sequence'
  /** A stream ends before the record that its adopter saw last. */
  | 'tail_lost'
  | 'corrupt'
  | 'ambiguous'
  | 'torn'

/** Something that verification met (rule I11). */
export interface TrailFinding {
  readonly kind: TrailFindingKind
  /** `info` does not make a trail wrong: repeats, torn tails, disorder in a source that promises no order. */
  readonly level: 'error' | 'info'
  readonly streamId: string | undefined
  readonly number: number | undefined
  readonly recordId: string | undefined
  readonly source: string
  readonly line: number
  readonly message: string
}

export interface TrailStream {
  readonly streamId: string
  /** The lowest and the highest number seen. */
  readonly first: number
  readonly last: number
  /** How many numbers were seen, repeats not counted. */
  readonly records: number
  /** True when the stream was closed in order (rule I9); false says nothing. */
  readonly ended: boolean
  /** Integrity hash of record `last`; `''` when it has none. */
  readonly headHash: string
}

export interface TrailReport {
  /** True without findings of level `error`. */
  readonly ok: boolean
  /** Audit records read, repeats counted. */
  readonly records: number
  /** Log records that are no audit records. */
  readonly ignored: number
  readonly streams: readonly TrailStream[]
  readonly findings: readonly TrailFinding[]
  /** Findings beyond the limit, counted only. */
  readonly furtherFindings: number
}

export interface TrailOptions {
  /** True when the input is a part of a trail: what is missing before the first record of a stream is then no gap. */
  readonly partial?: boolean
  /**
   * How many records are remembered to tell a repeat from a fork, 16 bytes each; default 4,194,304 (64 MiB). A record
   * that comes again after so many others is reported as a repeat that could not be compared.
   */
  readonly rememberedRecords?: number
  /** How many findings are kept; default 10,000. */
  readonly maxFindings?: number
}
