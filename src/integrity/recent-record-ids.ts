const maxRemembered = 65_536
/** A power of two, twice as many as ids: so that places are found at once or nearly so. */
const slots = 2 * maxRemembered

interface Place {
  readonly streamId: string
  readonly number: number
}

/** Where the last record ids were seen: a caller's honest retry has the same id under another number (rule W2). */
export class RecentRecordIds {
  readonly #seed = Math.trunc(Math.random() * 2 ** 31)
  #recent = new Generation()
  #older = new Generation()

  /** Remembers the id; the place where it was seen before, when that is another one. */
  note(recordId: string, streamId: string, number: number): Place | undefined {
    const hash = this.#hash(recordId)
    const before = this.#recent.find(recordId, hash) ?? this.#older.find(recordId, hash)
    if (before === undefined) {
      if (this.#recent.size >= maxRemembered) {
        const oldest = this.#older
        this.#older = this.#recent
        this.#recent = oldest
        oldest.clear()
      }
      this.#recent.add(recordId, hash, streamId, number)
      return undefined
    }
    return before.streamId === streamId && before.number === number ? undefined : before
  }

  #hash(text: string): number {
    let hash = this.#seed
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    return (hash ^ (hash >>> 15)) & (slots - 1)
  }
}

/** A hash table in few and large arrays: a `Map` of objects costs verification a tenth of its time. */
class Generation {
  /** One more than the index of an entry; 0 for none. */
  readonly #table = new Int32Array(slots)
  readonly #recordIds: string[] = []
  readonly #streamIds: string[] = []
  readonly #numbers: number[] = []

  get size(): number {
    return this.#recordIds.length
  }

  find(recordId: string, hash: number): Place | undefined {
    for (let slot = hash; ; slot = (slot + 1) & (slots - 1)) {
      const index = (this.#table[slot] as number) - 1
      if (index < 0) return undefined
      if (this.#recordIds[index] === recordId) {
        return { streamId: this.#streamIds[index] ?? '', number: this.#numbers[index] ?? 0 }
      }
    }
  }

  add(recordId: string, hash: number, streamId: string, number: number): void {
    let slot = hash
    while (this.#table[slot] !== 0) slot = (slot + 1) & (slots - 1)
    this.#table[slot] = this.#recordIds.push(recordId)
    this.#streamIds.push(streamId)
    this.#numbers.push(number)
  }

  clear(): void {
    this.#table.fill(0)
    this.#recordIds.length = 0
    this.#streamIds.length = 0
    this.#numbers.length = 0
  }
}
