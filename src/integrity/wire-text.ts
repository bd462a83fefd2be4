import type { Fragment } from './fragment.ts'
import { nodeBytes } from './node-bytes.ts'

const quote = 0x22
const backslash = 0x5c
/** `"\bfnrt`: after a backslash these are what the canonical form writes too. */
const sameEscapes = new Set([0x22, 0x5c, 0x62, 0x66, 0x6e, 0x72, 0x74])

/**
 * A reader of a line's bytes that knows one spelling of everything and says false to all others. Words of four bytes are
 * read where single ones would do: that is most of its speed.
 */
export class WireText {
  bytes = nodeBytes(new Uint8Array())
  view = new DataView(this.bytes.buffer)
  pos = 0
  /** True when a string held something beyond ASCII since `load`, which may still be no UTF-8. */
  beyondAscii = false
  /** True when the last string was ASCII without escapes: its text is what stands there. */
  plain = false

  load(bytes: Uint8Array): void {
    this.bytes = nodeBytes(bytes)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.pos = 0
    this.beyondAscii = false
  }

  /** The ASCII text that stands in `[start, end)`. */
  ascii(start: number, end: number): string {
    return this.bytes.latin1Slice(start, end)
  }

  /** Moves behind the text if it stands here. */
  takes({ length, words, lastWord }: Fragment): boolean {
    const { view, pos } = this
    if (pos + length > view.byteLength) return false
    const last = length - 4
    for (let at = 0, index = 0; at < last; at += 4, index++) {
      if (view.getInt32(pos + at, true) !== words[index]) return false
    }
    if (view.getInt32(pos + last, true) !== lastWord) return false
    this.pos = pos + length
    return true
  }

  takesByte(code: number): boolean {
    if (this.bytes[this.pos] !== code) return false
    this.pos++
    return true
  }

  /** Moves behind the end of a string whose canonical text is the same; the position is behind its first quote. */
  takesString(): boolean {
    const { bytes, view } = this
    const last = view.byteLength - 4
    let { pos } = this
    let seen = 0
    let escapes = 0
    while (pos <= last) {
      const word = view.getInt32(pos, true)
      // Whether one of four bytes is below 0x20 or a quote (0x22 ^ 2 = 0x20), or a backslash.
      const low = word ^ 0x02020202
      const escape = word ^ 0x5c5c5c5c
      if (((((low - 0x21212121) & ~low) | ((escape - 0x01010101) & ~escape)) & 0x80808080) === 0) {
        seen |= word
        pos += 4
        continue
      }
      let code = bytes[pos] as number
      while (code >= 0x20 && code !== quote && code !== backslash) {
        seen |= code
        code = bytes[++pos] as number
      }
      if (code === quote) {
        this.pos = pos + 1
        const ascii = (seen & 0x80808080) === 0
        if (!ascii) this.beyondAscii = true
        this.plain = ascii && escapes === 0
        return true
      }
      if (code !== backslash || !sameEscapes.has(bytes[pos + 1] as number)) return false
      pos += 2
      escapes++
    }
    return false
  }

  /** Moves behind a decimal integer without leading zeros, up to that many digits; false also for none. */
  takesDigits(most: number): boolean {
    const { bytes, pos } = this
    let end = pos
    while (isDigit(bytes[end])) end++
    const digits = end - pos
    if (digits === 0 || digits > most || (digits > 1 && bytes[pos] === 0x30)) return false
    this.pos = end
    return true
  }

  /** Moves behind so many lower-case hex digits that are not all zero. */
  takesHex(digits: number): boolean {
    const { bytes, pos } = this
    let any = 0
    for (let at = pos; at < pos + digits; at++) {
      const code = bytes[at] as number
      if (!(isDigit(code) || (code >= 0x61 && code <= 0x66))) return false
      any |= code ^ 0x30
    }
    this.pos = pos + digits
    return any !== 0
  }
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39
}
