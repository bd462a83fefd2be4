const maxRemembered = 65_536

interface Place {
  readonly streamId: string
  readonly number: number
}

/** Where the last record ids were seen: a caller's honest retry has the same id under another number (rule W2). */
export class RecentRecordIds {
  #recent = new Map<string, Place>()
  #older = new Map<string, Place>()

  /** Remembers the id; the place where it was seen before, when that is another one. */
  note(recordId: string, streamId: string, number: number): Place | undefined {
    const before = this.#recent.get(recordId) ?? this.#older.get(recordId)
    if (before === undefined) {
      if (this.#recent.size >= maxRemembered) {
        this.#older = this.#recent
        this.#recent = new Map()
      }
      this.#recent.set(recordId, { streamId, number })
      return undefined
    }
    return before.streamId === streamId && before.number === number ? undefined : before
  }
}
