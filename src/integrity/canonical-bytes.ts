import type { Fragment } from './fragment.ts'
import type { WireText } from './wire-text.ts'

/** Grows a canonical form in UTF-8. Words are written whole, so that up to three bytes behind the end are waste. */
export class CanonicalBytes {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  length = 0

  /** The first byte. */
  get first(): number | undefined {
    return this.#bytes[0]
  }

  /** What is written so far; valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  add({ length, words }: Fragment): void {
    if (this.length + length + 4 > this.#bytes.length) this.#grow(length)
    const view = this.#view
    let at = this.length
    for (let index = 0; index < words.length; index++, at += 4) view.setInt32(at, words[index] as number, true)
    this.length += length
  }

  addByte(code: number): void {
    if (this.length + 4 > this.#bytes.length) this.#grow(1)
    this.#bytes[this.length++] = code
  }

  /** Adds what stands on the wire in `[start, end)`. */
  addWire({ view: wire }: WireText, start: number, end: number): void {
    if (this.length + (end - start) + 4 > this.#bytes.length) this.#grow(end - start)
    const view = this.#view
    const lastWord = Math.min(end - 1, wire.byteLength - 4)
    let at = this.length
    let from = start
    for (; from <= lastWord; from += 4, at += 4) view.setInt32(at, wire.getInt32(from, true), true)
    for (; from < end; from++, at++) view.setUint8(at, wire.getUint8(from))
    this.length += end - start
  }

  addAll(other: CanonicalBytes): void {
    if (this.length + other.length + 4 > this.#bytes.length) this.#grow(other.length)
    const view = this.#view
    const from = other.#view
    for (let at = 0; at < other.length; at += 4) view.setInt32(this.length + at, from.getInt32(at, true), true)
    this.length += other.length
  }

  #grow(by: number): void {
    const bytes = new Uint8Array(2 * (this.length + by + 4))
    bytes.set(this.#bytes.subarray(0, this.length))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}
