import { requestParts, type Piece } from './bodies.ts'

/** Smaller bodies are cheap to allocate and not worth keeping memory for. */
const smallBytes = 256 * 1024

/**
 * Memory for large request bodies, used again: a backlog would otherwise make the engine collect garbage for every few
 * requests. A body stays as it is until the one accepted after it was accepted too; one that failed is never reused,
 * since a socket that is being torn down may still hold it.
 */
export class RequestMemory {
  #spare: Buffer | undefined
  #building: Buffer | undefined
  #accepted: Buffer | undefined

  /** One OTLP/JSON logs request of these pieces, in their order. */
  body(pieces: readonly Pick<Piece, 'bytes'>[]): Uint8Array {
    const parts = requestParts(pieces)
    const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
    this.#building = undefined
    if (size < smallBytes) return Buffer.concat(parts, size)
    const memory = this.#take(size)
    let at = 0
    for (const part of parts) {
      memory.set(part, at)
      at += part.byteLength
    }
    this.#building = memory
    return memory.subarray(0, size)
  }

  /** The far end has taken this body. */
  accepted(body: Uint8Array): void {
    this.#spare = this.#accepted ?? this.#spare
    this.#accepted = this.#building?.buffer === body.buffer ? this.#building : undefined
    this.#building = undefined
  }

  #take(size: number): Buffer {
    const spare = this.#spare
    if (spare === undefined || spare.length < size) {
      return Buffer.allocUnsafeSlow(Math.ceil(size / smallBytes) * smallBytes)
    }
    this.#spare = undefined
    return spare
  }
}
