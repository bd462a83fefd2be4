import { CanonicalBytes } from './canonical-bytes.ts'
import { maxCanonicalBytes } from './canonical-size.ts'
import { fragment, type Fragment } from './fragment.ts'
import type { IdentityKey } from './key-bytes.ts'
import type { RecordDigest } from './record-digest.ts'
import { sha256Hex } from './sha256.ts'
import { ValueScanner } from './value-scanner.ts'
import type { WireText } from './wire-text.ts'

const quote = 0x22
const comma = 0x2c
const zero = 0x30
const openBrace = 0x7b
const closeBrace = 0x7d

/** The members of a log record in their usual order, each as text with the beginning of its value. */
const members = [
  ['timeUnixNano', '"'],
  ['observedTimeUnixNano', '"'],
  ['severityNumber', ''],
  ['severityText', '"'],
  ['body', ''],
  ['attributes', '['],
  ['droppedAttributesCount', ''],
  ['flags', ''],
  ['traceId', '"'],
  ['spanId', '"'],
  ['eventName', '"'],
] as const
const names = members.map(([name]) => name)
const beginnings: readonly Fragment[] = members.map(([name, begin]) => fragment(`"${name}":${begin}`))

const emptyAttributes = fragment('{"attributes":{')
const bodyMember = fragment('"body":')
const eventNameMember = fragment('"event_name":"')
const observedMember = fragment('"observed_timestamp":"')
const spanIdMember = fragment('"span_id":"')
const timestampMember = fragment('"timestamp":"')
const traceIdMember = fragment('"trace_id":"')

/** `{"stringValue":"` and `{"intValue":"` */
const stringStart = 16
const integerStart = 13
/** More digits may not be exact as a number. */
const maxExactDigits = 15
/** More digits may be beyond 64 bits. */
const maxTimeDigits = 19
const adoptionName = 'audit.pipeline.adopt'

/** A string on the wire, without its quotes; empty when there is none. */
class Span {
  start = 0
  end = 0

  clear(): void {
    this.start = 0
    this.end = 0
  }
}

/**
 * Digests log records straight from their bytes: one pass that reads, judges and writes the canonical form, for records
 * in the spelling of our encoder and of the Collector's. It knows no errors: what it does not take, the strict parser
 * must read. What it takes, that one takes with the same digest.
 */
export class RecordScanner {
  readonly #wire: WireText
  readonly #values: ValueScanner
  readonly #out = new CanonicalBytes()
  readonly #body = new CanonicalBytes()
  readonly #time = new Span()
  readonly #observed = new Span()
  readonly #traceId = new Span()
  readonly #spanId = new Span()
  readonly #eventName = new Span()
  #recordId: string | undefined
  #streamId: string | undefined
  #number: number | undefined
  #previousHash = ''
  #end = false
  #lastStreamId = { text: '', bytes: new Uint8Array() }

  constructor(wire: WireText) {
    this.#wire = wire
    this.#values = new ValueScanner(wire)
  }

  /** The record that stands here, with the position behind it; `undefined` for one that is not as expected. */
  record(): RecordDigest | undefined {
    this.#clear()
    if (!this.#members()) return undefined
    const canonical = this.#finish()
    if (canonical === undefined) return undefined
    return {
      recordId: this.#recordId,
      streamId: this.#streamId,
      number: this.#number,
      previousHash: this.#previousHash,
      end: this.#end,
      hash: sha256Hex(canonical),
    }
  }

  #clear(): void {
    this.#out.length = 0
    this.#body.length = 0
    this.#time.clear()
    this.#observed.clear()
    this.#traceId.clear()
    this.#spanId.clear()
    this.#eventName.clear()
    this.#recordId = undefined
    this.#streamId = undefined
    this.#number = undefined
    this.#previousHash = ''
    this.#end = false
  }

  #members(): boolean {
    const wire = this.#wire
    if (!wire.takesByte(openBrace)) return false
    let seen = 0
    let expected = 0
    do {
      const member = this.#which(expected)
      if (member < 0 || (seen & (1 << member)) !== 0) return false
      seen |= 1 << member
      expected = member + 1
      if (!this.#member(names[member])) return false
    } while (wire.takesByte(comma))
    return wire.takesByte(closeBrace)
  }

  #which(expected: number): number {
    for (let index = expected; index < beginnings.length; index++) {
      if (this.#wire.takes(beginnings[index] as Fragment)) return index
    }
    for (let index = 0; index < expected; index++) if (this.#wire.takes(beginnings[index] as Fragment)) return index
    return -1
  }

  #member(name: (typeof names)[number] | undefined): boolean {
    const wire = this.#wire
    switch (name) {
      case 'timeUnixNano':
        return this.#timeIn(this.#time)
      case 'observedTimeUnixNano':
        return this.#timeIn(this.#observed)
      case 'body':
        return this.#values.value(this.#body, 1)
      case 'attributes':
        return this.#attributes()
      case 'traceId':
        return this.#idIn(this.#traceId, 32)
      case 'spanId':
        return this.#idIn(this.#spanId, 16)
      case 'eventName':
        this.#eventName.start = wire.pos
        if (!wire.takesString()) return false
        this.#eventName.end = wire.pos - 1
        return true
      case 'severityText':
        return wire.takesString()
      default:
        return wire.takesDigits(9)
    }
  }

  #timeIn(span: Span): boolean {
    const wire = this.#wire
    const start = wire.pos
    if (!wire.takesDigits(maxTimeDigits)) return false
    if (wire.bytes[start] !== zero) {
      span.start = start
      span.end = wire.pos
    }
    return wire.takesByte(quote)
  }

  #idIn(span: Span, digits: number): boolean {
    const wire = this.#wire
    if (wire.takesByte(quote)) return true
    span.start = wire.pos
    if (!wire.takesHex(digits)) return false
    span.end = wire.pos
    return wire.takesByte(quote)
  }

  #attributes(): boolean {
    const out = this.#out
    out.add(emptyAttributes)
    if (!this.#values.attributes(out, this.#note)) return false
    if (out.length === emptyAttributes.length) out.length = 0
    else out.addByte(closeBrace)
    return true
  }

  readonly #note = (key: IdentityKey, start: number, end: number): boolean => {
    const { bytes } = this.#wire
    const letter = bytes[start + 2]
    if (key === 'end') {
      if (letter !== 0x62 || bytes[start + 3] !== 0x6f) return false
      this.#end = bytes[start + 13] === 0x74
      return true
    }
    if (key === 'number') {
      if (letter !== 0x69 || end - start > integerStart + maxExactDigits + 2) return false
      this.#number = Number(this.#wire.ascii(start + integerStart, end - 2))
      return true
    }
    if (letter !== 0x73 || !this.#wire.plain) return false
    const begin = start + stringStart
    if (key === 'recordId') this.#recordId = this.#wire.ascii(begin, end - 2)
    else if (key === 'previousHash') this.#previousHash = this.#wire.ascii(begin, end - 2)
    else this.#streamId = this.#streamIdIn(begin, end - 2)
    return true
  }

  /** One stream's records stand together. */
  #streamIdIn(start: number, end: number): string {
    const { text, bytes } = this.#lastStreamId
    const there = this.#wire.bytes
    let same = end - start === bytes.length
    for (let at = 0; same && at < bytes.length; at++) same = there[start + at] === bytes[at]
    if (same) return text
    const streamId = this.#wire.ascii(start, end)
    this.#lastStreamId = { text: streamId, bytes: Uint8Array.from(there.subarray(start, end)) }
    return streamId
  }

  /** The whole canonical form; `undefined` when it is for the strict way to say what the record is. */
  #finish(): Uint8Array | undefined {
    const out = this.#out
    const body = this.#body
    if (this.#isAdoption()) return undefined
    if (out.length === 0) out.addByte(openBrace)
    if (body.length > 0 && !isNull(body)) {
      this.#comma()
      out.add(bodyMember)
      out.addAll(body)
    }
    this.#text(eventNameMember, this.#eventName)
    this.#text(observedMember, this.#observed)
    this.#text(spanIdMember, this.#spanId)
    this.#text(timestampMember, this.#time)
    this.#text(traceIdMember, this.#traceId)
    out.addByte(closeBrace)
    return out.length > maxCanonicalBytes ? undefined : out.written
  }

  #isAdoption(): boolean {
    const { start, end } = this.#eventName
    return end - start === adoptionName.length && this.#wire.ascii(start, end) === adoptionName
  }

  #comma(): void {
    if (this.#out.length > 1) this.#out.addByte(comma)
  }

  #text(member: Fragment, { start, end }: Span): void {
    if (start === end) return
    this.#comma()
    this.#out.add(member)
    this.#out.addWire(this.#wire, start, end)
    this.#out.addByte(quote)
  }
}

/** No other canonical value begins so. */
function isNull(body: CanonicalBytes): boolean {
  return body.first === 0x6e
}
