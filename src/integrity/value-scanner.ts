import type { CanonicalBytes } from './canonical-bytes.ts'
import { fragment } from './fragment.ts'
import { bytesOfKey, type IdentityKey } from './key-bytes.ts'
import { KeyPaths, type KeyNode } from './key-path.ts'
import { isBase64 } from './scalar-members.ts'
import type { WireText } from './wire-text.ts'

const startOfKey = fragment('{"key":"')
const endOfKey = fragment(',"value":')
const startOfString = fragment('{"stringValue":"')
const startOfInteger = fragment('{"intValue":"')
const startOfDouble = fragment('{"doubleValue":')
const startOfBytes = fragment('{"bytesValue":"')
const trueValue = fragment('{"boolValue":true}')
const falseValue = fragment('{"boolValue":false}')
const startOfArray = fragment('{"arrayValue":{"values":[')
const startOfMap = fragment('{"kvlistValue":{"values":[')
const nullForm = fragment('null')

const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const zero = 0x30
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const letter = { a: 0x61, b: 0x62, d: 0x64, i: 0x69, k: 0x6b, s: 0x73 }

/** Far below what rule I2 and the strict parser allow: deeper values are theirs to judge. */
const maxDepth = 64
const maxKeyLength = 128
/** More digits may be beyond 64 bits. */
const maxDigits = 18

/** Told of each attribute that names the record: where its whole `AnyValue` stands. False when it is not as expected. */
export type NoteIdentity = (key: IdentityKey, start: number, end: number) => boolean

/**
 * Reads values in the spelling of our own encoder, which the Collector's is too, and writes their canonical form
 * (rule I2). Every method says false to what it does not know, sorted keys included.
 */
export class ValueScanner {
  readonly #wire: WireText
  readonly #attributePaths = new KeyPaths()
  /** A map and the maps in it have other keys: what comes first would be guessed wrongly each time. */
  readonly #mapPaths = Array.from({ length: 4 }, () => new KeyPaths())

  constructor(wire: WireText) {
    this.#wire = wire
  }

  /** Attributes behind their opening bracket, without those that are not signed. */
  attributes(out: CanonicalBytes, note: NoteIdentity): boolean {
    return this.#entries(out, this.#attributePaths, 0, note)
  }

  value(out: CanonicalBytes, depth: number): boolean {
    const wire = this.#wire
    const start = wire.pos
    switch (wire.bytes[start + 2]) {
      case letter.s:
        if (!wire.takes(startOfString) || !wire.takesString() || !wire.takesByte(closeBrace)) return false
        break
      case letter.i:
        if (!this.#integer()) return false
        break
      case letter.b:
        if (!wire.takes(trueValue) && !wire.takes(falseValue) && !this.#bytes()) return false
        break
      case letter.d:
        if (!this.#double()) return false
        break
      case letter.a:
        return wire.takes(startOfArray) && this.#array(out, depth)
      case letter.k:
        return wire.takes(startOfMap) && this.#map(out, depth)
      default:
        if (!wire.takesByte(openBrace) || !wire.takesByte(closeBrace)) return false
        out.add(nullForm)
        return true
    }
    out.addWire(wire, start, wire.pos)
    return true
  }

  #entries(out: CanonicalBytes, paths: KeyPaths, depth: number, note: NoteIdentity | undefined): boolean {
    const wire = this.#wire
    if (wire.takesByte(closeBracket)) return true
    let node = paths.root
    let any = false
    do {
      const before = out.length
      if (any) out.addByte(comma)
      const guess = node.last
      let start = wire.pos
      if (guess !== undefined && bytesOfKey(guess).isString && wire.takes(bytesOfKey(guess).wireString)) {
        node = guess
        out.add(bytesOfKey(guess).canonicalString)
        start = wire.pos
        if (!wire.takesString() || !wire.takesByte(closeBrace)) return false
        out.addWire(wire, start, wire.pos)
        start -= startOfString.length
      } else {
        const next = guess !== undefined && wire.takes(bytesOfKey(guess).wire) ? guess : this.#key(paths, node)
        if (next === undefined) return false
        node = next
        start = wire.pos
        bytesOfKey(node).isString = wire.bytes[start + 2] === letter.s
        out.add(bytesOfKey(node).canonical)
        if (!this.value(out, depth + 1)) return false
      }
      if (note === undefined) any = true
      else {
        const { identity } = bytesOfKey(node)
        if (identity !== undefined && !note(identity, start, wire.pos)) return false
        if (node.unsigned) out.length = before
        else any = true
      }
      if (!wire.takesByte(closeBrace)) return false
    } while (wire.takesByte(comma))
    return wire.takesByte(closeBracket)
  }

  /** A key that is not the expected one: `undefined` unless it is plain and sorts behind the one before. */
  #key(paths: KeyPaths, from: KeyNode): KeyNode | undefined {
    const wire = this.#wire
    if (!wire.takes(startOfKey)) return undefined
    const start = wire.pos
    const { bytes } = wire
    let end = start
    for (let code = bytes[end]; code !== quote; code = bytes[++end]) {
      if (code === undefined || code < 0x20 || code > 0x7e || code === 0x5c) return undefined
    }
    if (end - start > maxKeyLength || end === start) return undefined
    wire.pos = end + 1
    return wire.takes(endOfKey) ? paths.step(from, wire.ascii(start, end)) : undefined
  }

  #integer(): boolean {
    const wire = this.#wire
    if (!wire.takes(startOfInteger)) return false
    const negative = wire.takesByte(minus)
    if (negative && wire.bytes[wire.pos] === zero) return false
    return wire.takesDigits(maxDigits) && wire.takesByte(quote) && wire.takesByte(closeBrace)
  }

  /** A number that is spelled as the canonical form spells it. */
  #double(): boolean {
    const wire = this.#wire
    if (!wire.takes(startOfDouble)) return false
    const start = wire.pos
    const end = wire.bytes.indexOf(closeBrace, start)
    if (end < 0 || end - start > 25) return false
    const text = wire.ascii(start, end)
    const value = Number(text)
    if (!Number.isFinite(value) || String(value) !== text) return false
    wire.pos = end + 1
    return true
  }

  #bytes(): boolean {
    const wire = this.#wire
    if (!wire.takes(startOfBytes)) return false
    const start = wire.pos
    if (!wire.takesString() || !isBase64(wire.ascii(start, wire.pos - 1))) return false
    return wire.takesByte(closeBrace)
  }

  #array(out: CanonicalBytes, depth: number): boolean {
    if (depth > maxDepth) return false
    const wire = this.#wire
    out.addByte(openBracket)
    if (!wire.takesByte(closeBracket)) {
      if (!this.value(out, depth + 1)) return false
      while (wire.takesByte(comma)) {
        out.addByte(comma)
        if (!this.value(out, depth + 1)) return false
      }
      if (!wire.takesByte(closeBracket)) return false
    }
    out.addByte(closeBracket)
    return wire.takesByte(closeBrace) && wire.takesByte(closeBrace)
  }

  #map(out: CanonicalBytes, depth: number): boolean {
    if (depth > maxDepth) return false
    const wire = this.#wire
    out.addByte(openBrace)
    const paths = this.#mapPaths[depth % this.#mapPaths.length] as KeyPaths
    if (!this.#entries(out, paths, depth, undefined)) return false
    out.addByte(closeBrace)
    return wire.takesByte(closeBrace) && wire.takesByte(closeBrace)
  }
}
