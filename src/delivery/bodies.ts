import type { DeliverableLine } from '../journal/journal-source.ts'
import { requestClosing, requestOpening, resourceLogsAt } from '../journal/line.ts'
import { ParsedLine } from './parsed-line.ts'

const comma = Buffer.from(',')
const opening = Buffer.from(`{${requestOpening}`)
const closing = Buffer.from(requestClosing)

/** A part of a request: a whole line, sent byte for byte as it stands in the journal, or some records of one line. */
export interface Piece {
  readonly first: number
  readonly last: number
  readonly count: number
  /** Integrity hash of record `last`; undefined when the line does not tell. */
  readonly hash: string | undefined
  readonly byteLength: number
  /** The elements of `resourceLogs`, without the brackets. */
  bytes(): Uint8Array
  /** This piece as records of its line. Only for refusals: it parses the line. */
  records(): RecordsPiece
  /** Copies bytes that belong to the journal and are good only until the next read of the stream. */
  keep(): void
}

/** A whole line; nothing is encoded again. */
export class LinePiece implements Piece {
  readonly first: number
  readonly last: number
  readonly hash: string
  readonly #line: DeliverableLine
  #elements: Uint8Array
  #kept = false
  #records: RecordsPiece | undefined

  constructor(line: DeliverableLine) {
    this.first = line.first
    this.last = line.last
    this.hash = line.headHash
    this.#line = line
    this.#elements = line.bytes.subarray(resourceLogsAt, line.bytes.byteLength - requestClosing.length)
  }

  get count(): number {
    return this.last - this.first + 1
  }

  get byteLength(): number {
    return this.#elements.byteLength
  }

  bytes(): Uint8Array {
    return this.#elements
  }

  keep(): void {
    if (this.#kept) return
    // Not slice: a Buffer's slice is a view.
    this.#elements = Uint8Array.from(this.#elements)
    this.#kept = true
  }

  records(): RecordsPiece {
    this.#records ??= new RecordsPiece(new ParsedLine(this.#elements, this.#line), 0, this.count)
    return this.#records
  }
}

/** Records `from` (inclusive) to `to` (exclusive) of a parsed line. */
export class RecordsPiece implements Piece {
  readonly #line: ParsedLine
  readonly #from: number
  readonly #to: number
  #text: Uint8Array | undefined

  constructor(line: ParsedLine, from: number, to: number) {
    this.#line = line
    this.#from = from
    this.#to = to
  }

  get first(): number {
    return this.#line.first + this.#from
  }

  get last(): number {
    return this.#line.first + this.#to - 1
  }

  get count(): number {
    return this.#to - this.#from
  }

  get hash(): string | undefined {
    return this.#line.hashOf(this.#to - 1)
  }

  get byteLength(): number {
    return this.bytes().byteLength
  }

  /** The record's own id, of the first record here. */
  get recordId(): string {
    return this.#line.recordIdOf(this.#from)
  }

  bytes(): Uint8Array {
    this.#text ??= Buffer.from(this.#line.elements(this.#from, this.#to))
    return this.#text
  }

  records(): this {
    return this
  }

  keep(): void {
    // A parsed line is a copy.
  }

  /** A part of it, counted from its own start. */
  range(from: number, to: number): RecordsPiece {
    return new RecordsPiece(this.#line, this.#from + from, this.#from + to)
  }
}

/** The records of a line after number `delivered`, or the whole line when none of it has been delivered. */
export function pieceAfter(line: DeliverableLine, delivered: number): Piece {
  const whole = new LinePiece(line)
  return line.first > delivered ? whole : whole.records().range(delivered - line.first + 1, whole.count)
}

/** What is left of a piece without the records of these numbers. */
export function without(piece: Piece, numbers: ReadonlySet<number>): readonly Piece[] {
  const inside = [...numbers].filter((number) => number >= piece.first && number <= piece.last).sort((a, b) => a - b)
  if (inside.length === 0) return [piece]
  const records = piece.records()
  const left: Piece[] = []
  let from = 0
  for (const number of [...inside, piece.last + 1]) {
    const to = number - piece.first
    if (to > from) left.push(records.range(from, to))
    from = to + 1
  }
  return left
}

/** One OTLP/JSON logs request of these pieces, in their order. */
export function requestBody(pieces: readonly Piece[]): Uint8Array {
  return Buffer.concat(requestParts(pieces))
}

/** The same, not joined yet. */
export function requestParts(pieces: readonly Pick<Piece, 'bytes'>[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [opening]
  for (const piece of pieces) {
    if (parts.length > 1) parts.push(comma)
    parts.push(piece.bytes())
  }
  parts.push(closing)
  return parts
}
