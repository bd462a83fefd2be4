/** Above this many nodes a guess starts over: keys are the writer's and may be without number. */
const maxNodes = 4096
const maxKeyLength = 128

/** A key that came after another one, with the text it came in. */
export interface ExpectedKey {
  readonly key: string
  /** `{"key":"k","value":` */
  readonly text: string
  last: ExpectedKey | undefined
  next: Map<string, ExpectedKey> | undefined
}

/** Guesses the next key of a list from the one before: records of one kind repeat their keys in order. */
export class ExpectedKeys {
  root: ExpectedKey = expectedKey('')
  #nodes = 0

  /** Remembers that `key` came after `from`. */
  learn(from: ExpectedKey, key: string): ExpectedKey {
    let found = from.next?.get(key)
    if (found === undefined) {
      found = expectedKey(key)
      if (key.length > maxKeyLength) return found
      if (++this.#nodes > maxNodes) {
        this.root = expectedKey('')
        this.#nodes = 0
        return found
      }
      from.next ??= new Map()
      from.next.set(key, found)
    }
    from.last = found
    return found
  }
}

function expectedKey(key: string): ExpectedKey {
  return { key, text: ['{"key":', JSON.stringify(key), ',"value":'].join(''), last: undefined, next: undefined }
}
