import { closeSync, constants, openSync, readSync } from 'node:fs'
import { digestLine, type FileKind, type LineDigest } from './line-digest.ts'

/** A part of a file: the lines that begin in it. */
export interface FileRange {
  readonly path: string
  readonly kind: FileKind
  readonly start: number
  /** `Infinity` for the last range of a file, which may have grown. */
  readonly end: number
}

export interface RangeDigest {
  /** How many lines begin in the range, blank ones counted. */
  readonly lines: number
  readonly digests: readonly LineDigest[]
}

const newline = 10
const rangeBytes = 8 * 1024 * 1024
const chunkBytes = 1024 * 1024

/** Divides a file of so many bytes. */
export function rangesOf(path: string, kind: FileKind, bytes: number): FileRange[] {
  const count = Math.max(1, Math.ceil(bytes / rangeBytes))
  return Array.from({ length: count }, (_, index) => ({
    path,
    kind,
    start: index * rangeBytes,
    end: index === count - 1 ? Infinity : (index + 1) * rangeBytes,
  }))
}

/**
 * Reads and digests the lines of a range, a chunk at a time in memory (a longer line grows it). A file that is gone has
 * none: retention may take it between two looks.
 */
export function digestRange({ path, kind, start, end }: FileRange): RangeDigest {
  const fd = openIfThere(path, kind)
  if (fd === undefined) return { lines: 0, digests: [] }
  try {
    const reader = new RangeReader(fd, start)
    const digests: LineDigest[] = []
    let lines = 0
    for (let line = reader.next(); line !== undefined && line.start < end; line = reader.next()) {
      lines++
      const { bytes, complete } = line
      const at = { line: lines, end: line.start + bytes.length, complete }
      if (bytes.length > 0) digests.push(digestLine(bytes, kind, at))
    }
    return { lines, digests }
  } finally {
    closeSync(fd)
  }
}

interface ReadLine {
  readonly bytes: Uint8Array
  readonly start: number
  readonly complete: boolean
}

/** The lines of a file that begin at or behind a place. A line's bytes are valid until the next is asked for. */
class RangeReader {
  readonly #fd: number
  #buffer = Buffer.allocUnsafe(chunkBytes)
  /** Where the buffer's first byte stands in the file, and how many bytes it holds. */
  #bufferAt: number
  #held = 0
  #begin = 0

  constructor(fd: number, start: number) {
    this.#fd = fd
    // The byte before tells whether a line begins at the start.
    this.#bufferAt = Math.max(0, start - 1)
    if (start > 0 && this.next()?.complete !== true) this.#begin = this.#held
  }

  next(): ReadLine | undefined {
    let searched = this.#begin
    for (;;) {
      const end = this.#buffer.subarray(0, this.#held).indexOf(newline, searched)
      if (end >= 0) return this.#line(end, end + 1, true)
      searched = this.#held - this.#begin
      const more = this.#read()
      if (!more) return this.#held > this.#begin ? this.#line(this.#held, this.#held, false) : undefined
    }
  }

  #line(end: number, next: number, complete: boolean): ReadLine {
    const begin = this.#begin
    this.#begin = next
    return { bytes: this.#buffer.subarray(begin, end), start: this.#bufferAt + begin, complete }
  }

  /** Moves the line in progress to the front of the buffer and reads on behind it. */
  #read(): boolean {
    const begun = this.#buffer.subarray(this.#begin, this.#held)
    const buffer = begun.length * 2 > this.#buffer.length ? Buffer.allocUnsafe(this.#buffer.length * 2) : this.#buffer
    begun.copy(buffer)
    this.#bufferAt += this.#begin
    this.#buffer = buffer
    this.#begin = 0
    this.#held = begun.length
    const read = readSync(this.#fd, buffer, begun.length, buffer.length - begun.length, this.#bufferAt + begun.length)
    this.#held += read
    return read > 0
  }
}

function openIfThere(path: string, kind: FileKind): number | undefined {
  const { O_RDONLY, O_NOFOLLOW } = constants
  try {
    return openSync(path, kind === 'segment' ? O_RDONLY | O_NOFOLLOW : O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
