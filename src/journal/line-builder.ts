import type { Arena, ArenaPool } from './arena.ts'
import { linePrefixBytes, maxLineBytes, maxLineRecords, requestClosing, requestOpening, sealLine } from './line.ts'
import type { Segment } from './segment.ts'
import type { AppendWaiter } from './record-codec.ts'

/** One line, from its first record until it is acknowledged or refused. */
export interface Line {
  readonly first: number
  last: number
  /** What stands between `"resourceLogs":[` and the first record: the same for all records of a line. */
  readonly opening: string
  arena: Arena
  start: number
  end: number
  readonly hashes: string[]
  readonly waiters: (AppendWaiter | undefined)[]
  /** The segment that it was written to last, and where it ends there. */
  segment: Segment | undefined
  segmentEnd: number
}

const comma = 44

/** Gathers records into lines in memory that is used again once a line is acknowledged. */
export class LineBuilder {
  readonly #stream: string
  readonly #closing: string
  readonly #arenas: ArenaPool
  #arena: Arena
  #line: Line | undefined

  constructor(stream: string, closing: string, arenas: ArenaPool) {
    this.#stream = stream
    this.#closing = closing + requestClosing
    this.#arenas = arenas
    this.#arena = arenas.take(0)
  }

  /** The line in progress. */
  get line(): Line | undefined {
    return this.#line
  }

  /** True when a record with this text can join the line in progress. */
  takes(opening: string, wire: string): boolean {
    const line = this.#line
    if (line === undefined) return true
    if (line.opening !== opening) return false
    const size = line.end - line.start + this.#closing.length + 2
    // A UTF-16 unit is at most three bytes of UTF-8.
    return size + wire.length * 3 <= maxLineBytes || size + Buffer.byteLength(wire) <= maxLineBytes
  }

  /** Adds a record; true when the line is full and has to be finished. */
  add(opening: string, number: number, wire: string, hash: string, waiter: AppendWaiter | undefined): boolean {
    const room = wire.length * 3 + this.#closing.length + 2
    const line = this.#line ?? this.#begin(opening, number, room)
    if (line.end + room > line.arena.bytes.length) this.#move(line, room)
    const { bytes } = line.arena
    if (line.hashes.length > 0) bytes[line.end++] = comma
    line.end += bytes.write(wire, line.end, 'utf8')
    line.last = number
    line.hashes.push(hash)
    line.waiters.push(waiter)
    return line.hashes.length >= maxLineRecords || line.end - line.start >= maxLineBytes
  }

  /** Completes the line in progress: closing text, header with CRC, newline. */
  finish(durable: number): Line | undefined {
    const line = this.#line
    if (line === undefined) return undefined
    const { arena, first, last, hashes } = line
    line.end += arena.bytes.write(this.#closing, line.end, 'latin1') + 1
    const head = hashes[hashes.length - 1] ?? ''
    sealLine(arena.bytes, line.start, line.end, { stream: this.#stream, first, last, durable, head })
    arena.end = line.end
    arena.lines++
    this.#line = undefined
    return line
  }

  /** The line in progress will never be finished: the stream is over. */
  abandon(): Line | undefined {
    const line = this.#line
    this.#line = undefined
    return line
  }

  /** An acknowledged line's memory is free again. */
  release(line: Line): void {
    const { arena } = line
    arena.lines--
    if (arena.lines > 0) return
    if (arena !== this.#arena) this.#arenas.giveBack(arena)
    else if (this.#line === undefined) arena.end = 0
  }

  #begin(opening: string, first: number, room: number): Line {
    const size = linePrefixBytes + requestOpening.length + Buffer.byteLength(opening) + room
    if (this.#arena.end + size > this.#arena.bytes.length) this.#replaceArena(size)
    const arena = this.#arena
    const start = arena.end
    let end = start + linePrefixBytes
    end += arena.bytes.write(requestOpening, end, 'latin1')
    end += arena.bytes.write(opening, end, 'utf8')
    const fresh = { first, last: first, opening, arena, start, end, hashes: [], waiters: [] }
    this.#line = { ...fresh, segment: undefined, segmentEnd: 0 }
    return this.#line
  }

  /** The line in progress outgrew its arena: carries it over to another. */
  #move(line: Line, room: number): void {
    const size = line.end - line.start
    const { bytes } = line.arena
    const arena = this.#replaceArena(Math.max(size + room, maxLineBytes + 4096))
    bytes.copy(arena.bytes, 0, line.start, line.end)
    line.arena = arena
    line.start = 0
    line.end = size
  }

  #replaceArena(size: number): Arena {
    const before = this.#arena
    this.#arena = this.#arenas.take(size)
    if (before.lines === 0) this.#arenas.giveBack(before)
    return this.#arena
  }
}
