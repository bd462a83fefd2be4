import { DeadlineQueue, type Expiring } from './deadline-queue.ts'

interface Flush {
  readonly left: Set<Expiring>
  readonly done: () => void
}

/** The calls of one logger whose providers have not all settled. */
export class PendingCalls {
  readonly deadlines = new DeadlineQueue()
  count = 0
  /** Those that wait for a provider that isn't ours, whose own forceFlush need not know of them. */
  readonly #foreign = new Set<Expiring>()
  #flushes: Flush[] = []
  readonly #idle: (() => void)[] = []

  /** `held`: the time limit keeps the process alive, because the provider may have nothing else that does. */
  begin(call: Expiring, { held, foreign }: { readonly held: boolean; readonly foreign: boolean }): void {
    this.count++
    this.deadlines.add(call)
    if (held) this.deadlines.hold()
    if (foreign) this.#foreign.add(call)
  }

  end(call: Expiring, held: boolean): void {
    this.deadlines.remove(call)
    if (held) this.deadlines.release()
    if (this.#foreign.delete(call)) this.#flushed(call)
    if (--this.count > 0) return
    for (const listener of this.#idle.splice(0)) listener()
  }

  /** Resolves when no call is pending. */
  untilIdle(): Promise<void> {
    if (this.count === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Resolves when the calls that wait for foreign providers now have ended; later ones are not waited for. */
  untilForeign(): Promise<void> {
    if (this.#foreign.size === 0) return Promise.resolve()
    return new Promise((done) => this.#flushes.push({ left: new Set(this.#foreign), done }))
  }

  #flushed(call: Expiring): void {
    for (const { left } of this.#flushes) left.delete(call)
    const over = this.#flushes.filter(({ left }) => left.size === 0)
    if (over.length === 0) return
    this.#flushes = this.#flushes.filter(({ left }) => left.size > 0)
    for (const { done } of over) done()
  }
}
