import type { KeyBytes } from './key-bytes.ts'
import { jsonString } from './json-string.ts'
import { sequenceNumberKey, streamIdKey, unsignedPrefix } from './signed-keys.ts'

/** Above this many nodes a tree starts over: keys are the caller's and may be without number. */
const maxNodes = 4096
const maxCachedKeyLength = 128

/** Where a key stands to the attributes that a stream position adds; `special` keys need the careful way. */
export type KeyPlace = 'before' | 'after' | 'special'

/**
 * One key in a sequence of sorted keys. Records of one kind have the same keys, so the walk along them is a chain of
 * pointer comparisons that yields ready text and proves the order without comparing characters.
 */
export interface KeyNode {
  readonly key: string
  readonly place: KeyPlace
  /** As an attribute it is no part of what is signed (rule I1). */
  readonly unsigned: boolean
  /** `{"key":"k","value":` on the wire, `"k":` in the canonical form; with a comma in front unless it is the first. */
  readonly wire: string
  readonly canonical: string
  /** The same with the beginning of a string value. */
  readonly wireString: string
  readonly canonicalString: string
  /** The same again, when the string value before is still open. */
  readonly wireNextString: string
  readonly canonicalNextString: string
  /** The successor taken last, and its key. */
  lastKey: string
  last: KeyNode | undefined
  next: Map<string, KeyNode> | undefined
  /** For whoever reads or writes bytes, made when first asked for. */
  bytes: KeyBytes | undefined
}

/** What ends an open string value, its `AnyValue` and (on the wire) its `KeyValue`. */
export const closeWireString = '"}}'
export const closeCanonicalString = '"}'

/** A tree of key sequences with its root; bounded, process-wide, holding nothing but keys. */
export class KeyPaths {
  root: KeyNode = node('', '', '')
  #nodes = 0

  /** The node after `node` for `key`, or `undefined` when `key` does not sort behind it. */
  step(node: KeyNode, key: string): KeyNode | undefined {
    return node.last !== undefined && node.lastKey === key ? node.last : this.#lookUp(node, key)
  }

  #lookUp(from: KeyNode, key: string): KeyNode | undefined {
    let found = from.next?.get(key)
    if (found === undefined) {
      const first = from.canonical === ''
      if (!first && from.key >= key) return undefined
      const comma = first ? '' : ','
      const quoted = jsonString(key)
      found = node(key, flat(comma, '{"key":', quoted, ',"value":'), flat(comma, quoted, ':'))
      if (key.length > maxCachedKeyLength) return found
      if (++this.#nodes > maxNodes) {
        this.root = node('', '', '')
        this.#nodes = 0
        return found
      }
      from.next ??= new Map()
      from.next.set(key, found)
    }
    from.lastKey = key
    from.last = found
    return found
  }
}

function node(key: string, wire: string, canonical: string): KeyNode {
  const begin = '{"stringValue":"'
  return {
    key,
    place: placeOf(key),
    unsigned: key.startsWith(unsignedPrefix),
    wire,
    canonical,
    wireString: flat(wire, begin),
    canonicalString: flat(canonical, begin),
    wireNextString: flat(closeWireString, wire, begin),
    canonicalNextString: flat(closeCanonicalString, canonical, begin),
    lastKey: '',
    last: undefined,
    next: undefined,
    bytes: undefined,
  }
}

function placeOf(key: string): KeyPlace {
  if (key.startsWith(unsignedPrefix)) return 'special'
  if (key < sequenceNumberKey) return 'before'
  return key > streamIdKey ? 'after' : 'special'
}

/** One run of characters, not a tree of parts that every record's text would have to walk again. */
function flat(...parts: string[]): string {
  return parts.join('')
}
