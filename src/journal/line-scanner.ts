import type { FileSystem } from './file-system.ts'
import { decodeLine, type LineHeader } from './line.ts'

/** What a scan met at one place of a segment. */
export type Scanned =
  | { readonly kind: 'line'; readonly header: LineHeader; readonly bytes: Uint8Array; readonly end: number }
  /** Bytes that are no valid line, up to the next newline or to the end. */
  | {
      readonly kind: 'damage'
      readonly reason: 'no_header' | 'wrong_crc' | 'no_newline'
      readonly at: number
      readonly end: number
    }
  | { readonly kind: 'end' }

const newline = 10
const firstChunkBytes = 64 * 1024
const chunkBytes = 1024 * 1024
/** No line is longer: a record's bound is far below, and hostile files must not fill the memory. */
const lineBoundBytes = 64 * 1024 * 1024

/** Reads a segment line by line, in chunks. Lines stay valid until {@link LineScanner.recycle} is called. */
export class LineScanner {
  readonly #fs: FileSystem
  readonly #fd: number
  readonly #stream: string
  #memory: Buffer = Buffer.alloc(0)
  /** What of the file stands in the memory now. */
  #chunk: Buffer = this.#memory
  /** Left behind, with lines that were handed out. */
  #left: Buffer | undefined
  /** Free to be read into. */
  #spare: Buffer | undefined
  /** Offset of the chunk's first byte in the file. */
  #chunkAt = 0
  #at: number

  constructor(fs: FileSystem, fd: number, stream: string, from: number) {
    this.#fs = fs
    this.#fd = fd
    this.#stream = stream
    this.#at = from
  }

  /** Where the next line begins. */
  get position(): number {
    return this.#at
  }

  /** Nobody needs the bytes of the lines handed out so far: what is read later may stand in their place. */
  recycle(): void {
    this.#spare = this.#left ?? this.#spare
    this.#left = undefined
  }

  /** Bytes of the next line that ends at or before `limit`; 0 when there is none. */
  nextLength(limit: number): number {
    return this.#at >= limit ? 0 : (this.#find(limit)?.length ?? 0)
  }

  /** The next line that ends at or before `limit`. Without a newline before it, the rest is damage. */
  next(limit: number): Scanned {
    const at = this.#at
    if (at >= limit) return { kind: 'end' }
    const line = this.#find(limit)
    if (line === undefined) {
      this.#at = limit
      return { kind: 'damage', reason: 'no_newline', at, end: limit }
    }
    const end = at + line.length + 1
    this.#at = end
    const decoded = decodeLine(line)
    if (!decoded.ok) return { kind: 'damage', reason: decoded.reason, at, end }
    if (decoded.header.stream !== this.#stream) return { kind: 'damage', reason: 'no_header', at, end }
    return { kind: 'line', header: decoded.header, bytes: line, end }
  }

  #find(limit: number): Uint8Array | undefined {
    let searched = 0
    for (;;) {
      const from = this.#at - this.#chunkAt
      const inChunk = from >= 0 && from <= this.#chunk.length
      if (inChunk) {
        const end = this.#chunk.indexOf(newline, from + searched)
        if (end >= 0) return this.#chunkAt + end < limit ? this.#chunk.subarray(from, end) : undefined
      }
      const have = inChunk ? this.#chunk.length - from : 0
      searched = have
      const wanted = Math.min(
        limit - this.#at,
        Math.max(have * 2, this.#chunk.length === 0 ? firstChunkBytes : chunkBytes),
      )
      if (wanted <= have || have > lineBoundBytes) return undefined
      const memory = this.#take(wanted)
      if (have > 0) this.#chunk.copy(memory, 0, from)
      const read = this.#fs.read(this.#fd, memory, have, wanted - have, this.#at + have)
      this.#left = this.#memory
      this.#memory = memory
      this.#chunk = memory.subarray(0, have + read)
      this.#chunkAt = this.#at
      if (read === 0) return undefined
    }
  }

  #take(bytes: number): Buffer {
    const spare = this.#spare
    if (spare === undefined || spare.length < bytes) return Buffer.allocUnsafeSlow(bytes)
    this.#spare = undefined
    return spare
  }
}
