import type { JournalSource, SourceStream } from '../journal/journal-source.ts'
import type { OtlpLogs } from '../otlp/otlp-log-record.ts'
import type { Accepted } from './accepted.ts'
import { pieceAfter, without, type Piece, type RecordsPiece } from './bodies.ts'

/** A record to compare a refused one with. */
export interface OtherRecord {
  readonly stream: string
  readonly number: number
  readonly piece: RecordsPiece
}

export interface OthersOptions {
  /** Enough for the whole line of the refused record and some that follow. */
  readonly maxBytes: number
  /** Left out: the far end has them. */
  readonly accepted: Accepted
}

/** Undelivered records of one stream after a given one. Good until the next read of that stream. */
export class OtherRecords {
  readonly total: number
  readonly stream: string
  readonly #pieces: readonly Piece[]

  /** Those that follow in the stream; when there are none, those of the stream whose turn comes next. */
  static after(source: JournalSource, stream: SourceStream, number: number, options: OthersOptions): OtherRecords {
    const own = OtherRecords.#read(stream, number, options.maxBytes, options.accepted)
    return own.total > 0 ? own : (OtherRecords.ofNext(source, stream, options) ?? own)
  }

  /** Those of the stream whose turn comes after this one; undefined when there is none. */
  static ofNext(source: JournalSource, stream: SourceStream, options: OthersOptions): OtherRecords | undefined {
    const next = source.nextStream(stream.id)
    if (next === undefined || next.id === stream.id) return undefined
    return OtherRecords.#read(next, next.cursor.number, options.maxBytes, options.accepted)
  }

  static #read(stream: SourceStream, after: number, maxBytes: number, accepted: Accepted): OtherRecords {
    const lines = stream.readLines(maxBytes).filter((line) => line.last > after)
    const pieces = lines.flatMap((line) => without(pieceAfter(line, after), accepted.of(stream.id)))
    return new OtherRecords(stream.id, pieces)
  }

  constructor(stream: string, pieces: readonly Piece[]) {
    this.stream = stream
    this.#pieces = pieces
    this.total = pieces.reduce((sum, piece) => sum + piece.count, 0)
  }

  /** The record at this place, counted from 0. */
  at(place: number): OtherRecord | undefined {
    let before = 0
    for (const piece of this.#pieces) {
      if (place < before + piece.count) {
        const record = piece.records().range(place - before, place - before + 1)
        return { stream: this.stream, number: record.first, piece: record }
      }
      before += piece.count
    }
    return undefined
  }
}

/** A request with the last record of an accepted request alone. */
export function lastRecordOf(body: Uint8Array): Uint8Array {
  const logs = JSON.parse(new TextDecoder().decode(body)) as OtlpLogs
  const resource = logs.resourceLogs.at(-1)
  const scope = resource?.scopeLogs?.at(-1)
  const logRecords = scope?.logRecords?.slice(-1) ?? []
  return Buffer.from(JSON.stringify({ resourceLogs: [{ ...resource, scopeLogs: [{ ...scope, logRecords }] }] }))
}
