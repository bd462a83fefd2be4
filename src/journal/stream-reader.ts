import type { FileSystem } from './file-system.ts'
import type { DeliverableLine } from './journal-source.ts'
import { LineScanner } from './line-scanner.ts'

/** A segment as a reader sees it. */
export interface ReadableSegment {
  readonly name: string
  readonly first: number
  /** Bytes that may be shown outside: what is durable of a file being written, the whole of another life's. */
  readonly readableEnd: number
  /** No more will come in this file. */
  readonly complete: boolean
}

/** What a reader met that should not be there. Nothing is repaired. */
export interface ReadDamage {
  readonly segment: string
  /** Offset of the damaged bytes; absent when numbers are missing between lines or segments. */
  readonly offset?: number
  /** The numbers that were not found. `last` is absent when nothing valid follows. */
  readonly first: number
  readonly last?: number
}

interface Place {
  readonly segment: string
  readonly offset: number
  readonly next: number
}

/** Reads the lines of a stream in the order of its numbers, each number once, from any of its segments. */
export class StreamReader {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #stream: string
  readonly #segments: () => readonly ReadableSegment[]
  readonly #onDamage: (damage: ReadDamage) => void
  #open: { readonly segment: string; readonly fd: number; readonly scanner: LineScanner } | undefined
  /** Right behind the last line that is wholly delivered. */
  #base: Place | undefined
  /** Behind each line handed out since. */
  #places: Place[] = []
  readonly #told = new Set<string>()
  #closed = false

  constructor(
    fs: FileSystem,
    directory: string,
    stream: string,
    segments: () => readonly ReadableSegment[],
    onDamage: (damage: ReadDamage) => void,
  ) {
    this.#fs = fs
    this.#directory = directory
    this.#stream = stream
    this.#segments = segments
    this.#onDamage = onDamage
  }

  /**
   * The lines that hold the records after `after`: at most `maxBytes` in all, but at least one if any is there. Works when
   * closed too, for whoever still has records of this stream in hand, and then leaves no file open.
   */
  read(after: number, maxBytes: number): DeliverableLine[] {
    try {
      return this.#read(after, maxBytes)
    } finally {
      if (this.#closed) this.#closeFile()
    }
  }

  #read(after: number, maxBytes: number): DeliverableLine[] {
    this.#settle(after)
    const lines: DeliverableLine[] = []
    let bytes = 0
    let place = this.#base ?? { segment: '', offset: 0, next: 1 }
    for (;;) {
      const found = this.#step(place, after, lines.length === 0 ? Infinity : maxBytes - bytes)
      if (found === undefined) return lines
      if (found.line === undefined) {
        place = found.place
        if (lines.length === 0) this.#base = place
        continue
      }
      bytes += found.line.bytes.length
      lines.push(found.line)
      place = found.place
      this.#places.push(place)
    }
  }

  /** Everything through this number is done with: the memory of lines handed out may be used again. */
  passed(number: number): void {
    const last = this.#places.at(-1)
    if (last !== undefined && last.next <= number + 1) this.#open?.scanner.recycle()
  }

  close(): void {
    this.#closed = true
    this.#closeFile()
  }

  #closeFile(): void {
    if (this.#open !== undefined) this.#fs.close(this.#open.fd)
    this.#open = undefined
  }

  /** Moves the base past what was delivered; what was handed out and not delivered will be read again. */
  #settle(after: number): void {
    for (const place of this.#places) if (place.next <= after + 1) this.#base = place
    this.#places = []
    if (this.#base !== undefined && this.#base.next > after + 1) this.#base = undefined
  }

  /** One line, or a place further on without one; `undefined` at the end of what is readable now or has room. */
  #step(
    place: Place,
    after: number,
    most: number,
  ): { readonly place: Place; readonly line?: DeliverableLine } | undefined {
    const segments = this.#segments()
    let index = segments.findIndex(({ name }) => name === place.segment)
    if (index < 0) index = firstToRead(segments, after + 1)
    const segment = segments[index]
    if (segment === undefined) return undefined
    const scanner = this.#scannerAt(segment, place)
    if (scanner !== undefined && most !== Infinity && scanner.nextLength(segment.readableEnd) > most) return undefined
    const scanned = scanner?.next(segment.readableEnd) ?? { kind: 'end' as const }
    if (scanned.kind === 'end') {
      const following = segments[index + 1]
      if (following === undefined || !segment.complete) return undefined
      return { place: { segment: following.name, offset: 0, next: place.next } }
    }
    if (scanned.kind === 'damage') {
      // What a failed segment left half written stands whole in a later one.
      const next = Math.max(place.next, after + 1)
      const again = segments.some(({ first }, later) => later > index && first <= next)
      if (!again) this.#damage({ segment: segment.name, offset: scanned.at, first: next })
      return { place: { segment: segment.name, offset: scanned.end, next: place.next } }
    }
    const { header, bytes, end } = scanned
    const behind = { segment: segment.name, offset: end, next: Math.max(place.next, header.last + 1) }
    if (header.last < place.next || header.last <= after) return { place: behind }
    const next = Math.max(place.next, after + 1)
    if (header.first > next) {
      const elsewhere = segments.findIndex(({ first }, later) => later > index && first <= next)
      if (elsewhere >= 0) {
        return { place: { segment: segments[elsewhere]?.name ?? '', offset: 0, next } }
      }
      this.#damage({ segment: segment.name, first: next, last: header.first - 1 })
    }
    return { place: behind, line: { first: header.first, last: header.last, headHash: header.head, bytes } }
  }

  #scannerAt(segment: ReadableSegment, place: Place): LineScanner | undefined {
    const offset = place.segment === segment.name ? place.offset : 0
    if (this.#open?.segment === segment.name && this.#open.scanner.position === offset) return this.#open.scanner
    let fd = this.#open?.segment === segment.name ? this.#open.fd : undefined
    if (fd === undefined) {
      this.#closeFile()
      try {
        fd = this.#fs.openForReading(`${this.#directory}/${segment.name}`)
      } catch {
        return undefined // deleted: its numbers show as missing when a later segment is read
      }
    }
    const scanner = new LineScanner(this.#fs, fd, this.#stream, offset)
    this.#open = { segment: segment.name, fd, scanner }
    return scanner
  }

  /** Reads are repeated; a finding is told once. */
  #damage(damage: ReadDamage): void {
    const key = `${damage.segment} ${damage.offset ?? ''} ${damage.first}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#onDamage(damage)
  }
}

/**
 * Where to begin to look for a number. That is the newest segment that begins at or before it, or an older one whose
 * records the newest has again: after a power cut either may be the one that is whole.
 */
function firstToRead(segments: readonly ReadableSegment[], number: number): number {
  const newest = segments.findLast(({ first }) => first <= number)
  if (newest === undefined) return 0
  return segments.findIndex(({ first }) => first >= newest.first && first <= number)
}
