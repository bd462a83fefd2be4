import { fragment, type Fragment } from './fragment.ts'
import { jsonString } from './json-string.ts'
import type { KeyNode } from './key-path.ts'
import { previousHashKey, sequenceEndKey, sequenceNumberKey, streamIdKey } from './signed-keys.ts'

/** Attributes that say which record this is (rules R3, I8, I9). */
export type IdentityKey = 'recordId' | 'number' | 'previousHash' | 'streamId' | 'end'

/** A key as bytes. */
export interface KeyBytes {
  /** `{"key":"k","value":` */
  readonly wire: Fragment
  /** `"k":` */
  readonly canonical: Fragment
  /** Both with the beginning of a string value. */
  readonly wireString: Fragment
  readonly canonicalString: Fragment
  /** The value was a string the last time. */
  isString: boolean
  /** What an attribute of this key says. */
  readonly identity: IdentityKey | undefined
}

const identityKeys = new Map<string, IdentityKey>([
  ['audit.record.id', 'recordId'],
  [sequenceNumberKey, 'number'],
  [previousHashKey, 'previousHash'],
  [streamIdKey, 'streamId'],
  [sequenceEndKey, 'end'],
])

/** The bytes of an ASCII key without escapes, not the empty one. */
export function bytesOfKey(node: KeyNode): KeyBytes {
  return (node.bytes ??= made(node.key))
}

function made(key: string): KeyBytes {
  const quoted = jsonString(key)
  return {
    wire: fragment(`{"key":${quoted},"value":`),
    canonical: fragment(`${quoted}:`),
    wireString: fragment(`{"key":${quoted},"value":{"stringValue":"`),
    canonicalString: fragment(`${quoted}:{"stringValue":"`),
    isString: true,
    identity: identityKeys.get(key),
  }
}
