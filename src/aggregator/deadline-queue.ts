/** Something that has to be over by a moment of the monotonic clock. */
export interface Expiring {
  /** Moment of `performance.now()`; set by the queue. */
  deadline: number
  previous: Expiring | undefined
  next: Expiring | undefined
  readonly timeoutMillis: number
  expire(): void
}

interface Lane {
  head: Expiring | undefined
  tail: Expiring | undefined
}

/** A loop that was away for longer than this was blocked by someone else's work. */
const blockedMillis = 50

/**
 * The time limits of all calls behind one timer: a call costs two pointers, not a timer.
 *
 * Calls of one time limit stand in one lane, so each lane is in order by itself. The timer keeps the process alive
 * only while a call is held ({@link hold}), that is, while someone waits for a provider that may have nothing else
 * that keeps it alive; that ends at the call's time limit at the latest.
 *
 * When the timer fires late because the event loop was blocked, providers get the same time again, once: otherwise a
 * long tick of the caller would fail calls whose confirmations wait behind it.
 */
export class DeadlineQueue {
  readonly #lanes = new Map<number, Lane>()
  #timer: NodeJS.Timeout | undefined
  #due = Infinity
  #grace = false
  #held = 0

  add(entry: Expiring): void {
    entry.deadline = performance.now() + entry.timeoutMillis
    let lane = this.#lanes.get(entry.timeoutMillis)
    if (lane === undefined) {
      lane = { head: undefined, tail: undefined }
      this.#lanes.set(entry.timeoutMillis, lane)
    }
    entry.previous = lane.tail
    if (lane.tail === undefined) lane.head = entry
    else lane.tail.next = entry
    lane.tail = entry
    if (entry.deadline < this.#due) this.#arm(entry.deadline, entry.timeoutMillis)
  }

  remove(entry: Expiring): void {
    const lane = this.#lanes.get(entry.timeoutMillis)
    if (lane === undefined || (entry.previous === undefined && lane.head !== entry)) return
    if (entry.previous === undefined) lane.head = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) lane.tail = entry.previous
    else entry.next.previous = entry.previous
    entry.previous = undefined
    entry.next = undefined
  }

  /** From now on the timer keeps the process alive, until {@link release} was called as often. */
  hold(): void {
    if (this.#held++ === 0) this.#timer?.ref()
  }

  release(): void {
    if (--this.#held === 0) this.#timer?.unref()
  }

  #arm(due: number, delay: number): void {
    clearTimeout(this.#timer)
    this.#due = due
    // Node turns a longer delay into one millisecond.
    this.#timer = setTimeout(() => this.#fire(), Math.min(delay, 0x7fffffff))
    if (this.#held === 0) this.#timer.unref()
  }

  #fire(): void {
    const now = performance.now()
    const late = now - this.#due
    this.#timer = undefined
    this.#due = Infinity
    if (late > blockedMillis && !this.#grace) {
      this.#grace = true
      this.#arm(now + late, late)
      return
    }
    this.#grace = false
    for (const lane of this.#lanes.values()) {
      while (lane.head !== undefined && lane.head.deadline <= now) {
        const entry = lane.head
        this.remove(entry)
        entry.expire()
      }
    }
    this.#rearm(now)
  }

  #rearm(now: number): void {
    let earliest = Infinity
    for (const [timeoutMillis, lane] of this.#lanes) {
      if (lane.head === undefined) this.#lanes.delete(timeoutMillis)
      else earliest = Math.min(earliest, lane.head.deadline)
    }
    if (earliest < this.#due) this.#arm(earliest, Math.max(1, earliest - now))
  }
}
