import { isPlain } from './json-string.ts'
import { closeCanonicalString, closeWireString, type KeyNode, type KeyPaths } from './key-path.ts'
import type { StreamPosition } from './sealed-record.ts'
import { compositeText, scalarText } from './encode-value.ts'

/**
 * Grows the text of key-value entries on the wire and in the canonical form side by side. Text is only ever added at
 * the right end, in few and flat pieces: that is what makes it cheap for the engine to join in the end.
 */
export class KeyedText {
  wire: string
  canonical: string
  #node: KeyNode
  readonly #paths: KeyPaths
  /** True when the last entry is a string whose end is not written yet. */
  #open = false

  constructor(paths: KeyPaths, wire: string, canonical: string) {
    this.#paths = paths
    this.#node = paths.root
    this.wire = wire
    this.canonical = canonical
  }

  /** The key's node, or `undefined` when it does not sort behind the entries before it. */
  next(key: string): KeyNode | undefined {
    return this.#paths.step(this.#node, key)
  }

  /** @throws AuditError `corrupt` for what has no canonical form */
  add(node: KeyNode, value: unknown, depth: number): void {
    this.#node = node
    if (typeof value === 'string' && isPlain(value)) {
      if (this.#open) {
        this.wire = this.wire + node.wireNextString + value
        this.canonical = this.canonical + node.canonicalNextString + value
      } else {
        this.wire = this.wire + node.wireString + value
        this.canonical = this.canonical + node.canonicalString + value
        this.#open = true
      }
      return
    }
    this.#close()
    const scalar = scalarText(value)
    if (scalar !== undefined) {
      this.wire = this.wire + node.wire + scalar + '}'
      this.canonical = this.canonical + node.canonical + scalar
    } else {
      const text = compositeText(value, depth)
      this.wire = this.wire + node.wire + text.wire + '}'
      this.canonical = this.canonical + node.canonical + text.canonical
    }
  }

  /** The attributes of rule I8; at least one entry must stand before them. */
  addPosition(position: StreamPosition): void {
    this.#close()
    const { number, previousHash, streamId } = position
    if (previousHash === '') {
      this.wire = this.wire + wireNumber + number + wireNumberToStream + streamId
      this.canonical = this.canonical + canonicalNumber + number + canonicalNumberToStream + streamId
    } else {
      this.wire = this.wire + wireNumber + number + wireNumberToHash + previousHash + wireHashToStream + streamId
      this.canonical =
        this.canonical +
        canonicalNumber +
        number +
        canonicalNumberToHash +
        previousHash +
        canonicalHashToStream +
        streamId
    }
    this.#open = true
  }

  end(wire: string, canonical: string): void {
    this.#close()
    this.wire += wire
    this.canonical += canonical
  }

  #close(): void {
    if (!this.#open) return
    this.wire += closeWireString
    this.canonical += closeCanonicalString
    this.#open = false
  }
}

const wireNumber = ',{"key":"audit.sequence.number","value":{"intValue":"'
const wireNumberToHash = '"}},{"key":"audit.sequence.previous_hash","value":{"stringValue":"'
const wireNumberToStream = '"}},{"key":"audit.sequence.stream_id","value":{"stringValue":"'
const wireHashToStream = wireNumberToStream
const canonicalNumber = ',"audit.sequence.number":{"intValue":"'
const canonicalNumberToHash = '"},"audit.sequence.previous_hash":{"stringValue":"'
const canonicalNumberToStream = '"},"audit.sequence.stream_id":{"stringValue":"'
const canonicalHashToStream = canonicalNumberToStream
