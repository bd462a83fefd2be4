import type { JournalSource, SourceStream } from '../journal/journal-source.ts'
import type { OtlpLogs } from '../otlp/otlp-log-record.ts'
import { pieceAfter, type Piece, type RecordsPiece } from './bodies.ts'

/** A record to compare a refused one with. */
export interface Comparison {
  readonly stream: string
  readonly number: number
  readonly piece: RecordsPiece
}

export interface ComparisonRequest {
  readonly source: JournalSource
  readonly stream: SourceStream
  /** The refused record. */
  readonly number: number
  readonly maxBytes: number
  /** How often this record was compared in vain. */
  readonly round: number
  readonly random: () => number
  readonly accepted: (stream: string) => ReadonlySet<number>
}

/**
 * Other undelivered records, to find out whether it is the record that is refused or everything: those that follow it
 * in its stream, near ones first and then ever further ones, in later rounds some by chance; only when there are none,
 * those of the stream whose turn comes next.
 */
export function comparisons(request: ComparisonRequest): Comparison[] {
  const { source, stream, number, maxBytes } = request
  const own = sample(request, stream, number, maxBytes)
  if (own.length > 0) return own
  const next = source.nextStream(stream.id)
  return next === undefined || next.id === stream.id ? [] : sample(request, next, next.cursor.number, maxBytes)
}

function sample(request: ComparisonRequest, stream: SourceStream, after: number, maxBytes: number): Comparison[] {
  const lines = stream.readLines(2 * maxBytes).filter((line) => line.last > after)
  const pieces = lines.map((line) => pieceAfter(line, after))
  const total = pieces.reduce((sum, piece) => sum + piece.count, 0)
  const accepted = request.accepted(stream.id)
  const found: Comparison[] = []
  for (const index of offsets(total, request.round, request.random)) {
    const piece = recordAt(pieces, index)
    if (piece !== undefined && !accepted.has(piece.first)) found.push({ stream: stream.id, number: piece.first, piece })
  }
  return found
}

function offsets(total: number, round: number, random: () => number): number[] {
  const chosen = new Set<number>()
  if (round === 0) {
    for (let offset = 1; offset <= total; offset *= 2) chosen.add(offset - 1)
    if (total > 0) chosen.add(total - 1)
  } else {
    for (let n = Math.min(4, total); n > 0; n--) chosen.add(Math.floor(random() * total))
    if (total > 0) chosen.add(0)
  }
  return [...chosen]
}

function recordAt(pieces: readonly Piece[], index: number): RecordsPiece | undefined {
  let before = 0
  for (const piece of pieces) {
    if (index < before + piece.count) return piece.records().range(index - before, index - before + 1)
    before += piece.count
  }
  return undefined
}

/** A request with the last record of an accepted request alone. */
export function lastRecordOf(body: Uint8Array): Uint8Array | undefined {
  const logs = JSON.parse(new TextDecoder().decode(body)) as OtlpLogs
  const resource = logs.resourceLogs.at(-1)
  const scope = resource?.scopeLogs?.at(-1)
  const record = scope?.logRecords?.at(-1)
  if (record === undefined) return undefined
  return Buffer.from(
    JSON.stringify({ resourceLogs: [{ ...resource, scopeLogs: [{ ...scope, logRecords: [record] }] }] }),
  )
}
