import { PointerList } from './json-pointer.ts'
import { circularMarker, codeMarker, depthMarker, threwMarker, unreadableMarker } from './markers.ts'
import { redactedValue, type KeyVerdicts } from './redaction.ts'
import { copySpecial } from './special-objects.ts'

/** How many containers deep a value is kept, the outermost included. */
export const maxLevels = 64

/** What one member costs as OTLP/JSON text besides its own characters, about. */
export const memberBytes = 40

/** How many numbers are tried for a key that is taken before the running number is used. */
const firstNumbers = 9

/** What a read gives when the property threw; told by identity, because `instanceof` runs the traps of a proxy. */
const threw = Symbol('threw')

export type Fields = Record<string, unknown>

/**
 * Makes one event's values faithful: copies them as strings, finite numbers, booleans, null, bigints within int64, bytes,
 * arrays and plain objects, redacts by key before a value is read, and puts a visible marker where a value could not be
 * kept. It never throws and never runs deeper than 64 levels; past `workBytes` it stops and says so by `incomplete`.
 *
 * `level` counts the containers around a value. A container at a level writes the key of the member in hand to
 * `path[level]`, so that a pointer is built only where one is needed.
 */
export class FaithfulCopy {
  readonly altered = new PointerList()
  readonly redacted = new PointerList()
  readonly path: (string | number)[] = []
  /** Members seen, times {@link memberBytes}. */
  overhead = 0
  /** UTF-16 units of keys and texts. */
  units = 0
  /** True when members were left out because the work went past its bound. */
  incomplete = false
  readonly #verdicts: KeyVerdicts
  readonly #workBytes: number
  readonly #ancestors: (object | undefined)[] = []
  #thrown: unknown
  #renamed = 0

  constructor(verdicts: KeyVerdicts, workBytes: number) {
    this.#verdicts = verdicts
    this.#workBytes = workBytes
  }

  /** Forgets the last values; the path is left to be overwritten. */
  reset(): void {
    this.altered.clear()
    this.redacted.clear()
    this.overhead = 0
    this.units = 0
    this.incomplete = false
    this.#renamed = 0
  }

  /** True when no more members may be copied. */
  spent(): boolean {
    if (this.overhead + this.units <= this.#workBytes) return false
    this.incomplete = true
    return true
  }

  /** `undefined` only for `undefined`. */
  value(value: unknown, level: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value, level)
      case 'number':
        return Number.isFinite(value) ? value : this.alter(String(value), level)
      case 'boolean':
      case 'undefined':
        return value
      case 'bigint':
        return this.#integer(value, level)
      case 'object':
        return value === null ? null : this.#object(value, level)
      default:
        return this.alter(codeMarker(value), level)
    }
  }

  text(text: string, level: number): string {
    this.units += text.length
    return text.isWellFormed() ? text : this.alter(text.toWellFormed(), level)
  }

  /** Notes that the value at the current path is not what it was, and gives what stands in its place. */
  alter<T>(replacement: T, level: number): T {
    this.altered.add(this.path, level)
    if (typeof replacement === 'string') this.units += replacement.length
    return replacement
  }

  /** The own enumerable string-keyed properties of any object. */
  record(source: object, level: number): Fields {
    const out: Fields = {}
    let renamed = false
    for (const key of Object.keys(source)) {
      if (this.spent()) break
      const verdict = this.#verdicts.of(key)
      if (verdict === 'keep' && !renamed) {
        const value = this.#read(source, key)
        this.overhead += memberBytes
        this.units += key.length
        if (typeof value === 'string' && value.isWellFormed()) {
          this.units += value.length
          out[key] = value
          continue
        }
        this.path[level] = key
        const copy = value === threw ? this.#threwMarker(level + 1) : this.value(value, level + 1)
        if (copy !== undefined) out[key] = copy
      } else {
        renamed = this.member(out, key, () => (source as Fields)[key], level) || renamed
      }
    }
    return Object.freeze(out)
  }

  /**
   * Adds one member under a key that may be a secret's, ill-formed, taken or `__proto__`. Returns true when the member
   * got another key than its own.
   */
  member(out: Fields, key: string, readValue: () => unknown, level: number): boolean {
    this.overhead += memberBytes
    const name = this.#freeKey(out, key.toWellFormed())
    this.units += name.length
    this.path[level] = name
    const verdict = this.#verdicts.of(key)
    if (verdict === 'redact' || (verdict === 'awkward' && this.#verdicts.isSecret(key))) {
      this.redacted.add(this.path, level + 1)
      define(out, name, redactedValue)
      return name !== key
    }
    const copy = this.#memberValue(readValue, level + 1)
    if (copy === undefined) return false
    define(out, name, copy)
    if (name !== key) this.altered.add(this.path, level + 1)
    return name !== key
  }

  /** A key that is not taken yet; past a few attempts numbers go on from the last one, so that many cost no more each. */
  #freeKey(out: Fields, wanted: string): string {
    let key = wanted
    for (let n = 2; Object.hasOwn(out, key); n = n < firstNumbers ? n + 1 : firstNumbers + ++this.#renamed) {
      key = `${wanted} (${n})`
    }
    return key
  }

  #read(source: object, key: string | number): unknown {
    try {
      return (source as Fields)[key]
    } catch (error) {
      this.#thrown = error
      return threw
    }
  }

  #threwMarker(level: number): string {
    const error = this.#thrown
    this.#thrown = undefined
    return this.alter(threwMarker(error), level)
  }

  #memberValue(readValue: () => unknown, level: number): unknown {
    let value: unknown
    try {
      value = readValue()
    } catch (error) {
      return this.alter(threwMarker(error), level)
    }
    return this.value(value, level)
  }

  /** Items by position: what is `undefined` or missing becomes null, so that the others keep their places. */
  list(length: number, item: (index: number) => unknown, level: number): readonly unknown[] {
    const out: unknown[] = []
    for (let index = 0; index < length && !this.spent(); index++) {
      this.overhead += memberBytes
      this.path[level] = index
      out.push(this.value(item(index), level + 1) ?? null)
    }
    return Object.freeze(out)
  }

  #array(source: readonly unknown[], level: number): readonly unknown[] {
    return this.list(
      source.length,
      (index) => {
        const value = this.#read(source, index)
        return value === threw ? this.#threwMarker(level + 1) : value
      },
      level,
    )
  }

  #integer(value: bigint, level: number): number | bigint | string {
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
    if (BigInt.asIntN(64, value) === value) return value
    // Decimal digits of an enormous number take more than linear time, hexadecimal ones do not.
    const enormous = BigInt.asIntN(65_536, value) !== value
    return this.alter(
      enormous ? `${value < 0n ? '-' : ''}0x${(value < 0n ? -value : value).toString(16)}` : String(value),
      level,
    )
  }

  #object(value: object, level: number): unknown {
    if (level >= maxLevels) return this.alter(depthMarker(maxLevels), level)
    const ancestors = this.#ancestors
    for (let i = 0; i < level; i++) if (ancestors[i] === value) return this.alter(circularMarker, level)
    ancestors[level] = value
    try {
      const prototype = Object.getPrototypeOf(value) as object | null
      if (prototype === Object.prototype || prototype === null) return this.record(value, level)
      if (Array.isArray(value)) return this.#array(value, level)
      return copySpecial(this, value, prototype, level)
    } catch (error) {
      return this.alter(unreadableMarker(error), level)
    } finally {
      ancestors[level] = undefined
    }
  }
}

/** Like `out[key] = value`, but `__proto__` becomes an ordinary own property too. */
function define(out: Fields, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true })
  } else out[key] = value
}
