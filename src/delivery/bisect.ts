import type { DeliveryCursor, SourceStream } from '../journal/journal-source.ts'
import { pieceAfter, without, type Piece, type RecordsPiece } from './bodies.ts'

/** Consecutive records of one stream that are sent together. */
export class Batch {
  readonly #pieces: readonly Piece[]
  readonly first: number
  readonly last: number
  readonly byteLength: number

  constructor(pieces: readonly [Piece, ...Piece[]]) {
    this.#pieces = pieces
    this.first = pieces[0].first
    this.last = (pieces.at(-1) ?? pieces[0]).last
    this.byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
  }

  /** The cursor once all of it is acknowledged or set aside; undefined when the line does not tell the hash. */
  get cursor(): DeliveryCursor | undefined {
    const hash = this.#pieces.at(-1)?.hash
    return hash === undefined ? undefined : { number: this.last, hash }
  }

  /** The pieces to send: everything but what the far end has accepted already. */
  pieces(accepted: ReadonlySet<number>): readonly Piece[] {
    return accepted.size === 0 ? this.#pieces : this.#pieces.flatMap((piece) => without(piece, accepted))
  }

  /** Two halves, the older first; undefined for a single record. */
  halves(): readonly [Batch, Batch] | undefined {
    const [first, second, ...rest] = this.#pieces
    if (first === undefined) return undefined
    if (second !== undefined) {
      const middle = (2 + rest.length) >> 1
      const [a, ...left] = this.#pieces.slice(0, middle)
      const [b, ...right] = this.#pieces.slice(middle)
      return a && b && [new Batch([a, ...left]), new Batch([b, ...right])]
    }
    if (first.count < 2) return undefined
    const records = first.records()
    const middle = first.count >> 1
    return [new Batch([records.range(0, middle)]), new Batch([records.range(middle, first.count)])]
  }

  /** Its one record. */
  single(): RecordsPiece | undefined {
    const piece = this.#pieces[0]
    return piece === undefined || this.first !== this.last ? undefined : piece.records()
  }

  keep(): void {
    for (const piece of this.#pieces) piece.keep()
  }
}

/**
 * What was read from a stream, oldest first, and is sent from its head: a batch that is refused is replaced by its two
 * halves until the refused record stands alone. Accepted halves leave; their order never changes.
 */
export class Work {
  readonly stream: SourceStream
  /** True once a part of it was refused: it must not be read anew then, or the search would begin again. */
  refused = false
  readonly #batches: Batch[]

  constructor(stream: SourceStream, batch: Batch) {
    this.stream = stream
    this.#batches = [batch]
  }

  /** The next work of a stream, its head no larger than `maxBytes` unless a single record is. */
  static read(stream: SourceStream, maxBytes: number): Work | undefined {
    const { number } = stream.cursor
    const lines = stream.readLines(maxBytes).filter((line) => line.last > number)
    const [first, ...rest] = lines.map((line) => pieceAfter(line, number))
    if (first === undefined) return undefined
    const work = new Work(stream, new Batch([first, ...rest]))
    work.fit(maxBytes)
    return work
  }

  get head(): Batch | undefined {
    return this.#batches[0]
  }

  /** The head is done. */
  shift(): void {
    this.#batches.shift()
  }

  /** Replaces the head by its halves; false when it is a single record. */
  split(): boolean {
    const halves = this.head?.halves()
    if (halves === undefined) return false
    this.#batches.splice(0, 1, ...halves)
    return true
  }

  /** Splits the head until it is no larger than that, as far as it can be. */
  fit(maxBytes: number): void {
    while (this.head !== undefined && this.head.byteLength > maxBytes && this.split());
  }

  /** Makes the work outlast the next read of its stream. */
  keep(): void {
    for (const batch of this.#batches) batch.keep()
  }
}
