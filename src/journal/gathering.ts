/** So many calls in one tick are halved: one half is encoded while the other one is synced. */
export const firstEarlyRecords = 32
const weight = 1 / 8

/**
 * Says when the next sync starts. Whoever calls in a loop answers an acknowledgement with the next call before the
 * microtasks of the tick are over. A sync that started at once would miss those calls, and the callers would fall into
 * two halves, each of which waits for the other's syncs as well as for its own. Where a sync takes longer than all of
 * them need to call again, it is held until they have; where it takes less, two halves are better: one is encoded
 * while the other one is synced.
 */
export class Gathering {
  /** The next sync waits for the calls of those who were just answered. */
  held = false
  /** Falls at once and rises slowly: a callback that comes late is no slow disk. */
  #syncMillis = 0
  /** From an answer until the caller's next call has been taken, for one record. */
  #recordMillis = 0
  #syncBegan = 0
  #answersBegan: number | undefined
  #answered = 0
  readonly #onGathered: () => void

  /** `onGathered`: those who were answered have called again, or won't soon; a held sync may start. */
  constructor(onGathered: () => void) {
    this.#onGathered = onGathered
  }

  /** Its time until {@link syncEnded} is what the disk takes. */
  syncBegan(): void {
    this.#syncBegan = performance.now()
  }

  syncEnded(): void {
    const millis = performance.now() - this.#syncBegan
    this.#syncMillis = Math.min(millis, this.#syncMillis + (millis - this.#syncMillis) * weight)
  }

  /** So many callers are about to hear; `waiting` others wait for a later sync; `more` hear in a later turn. */
  answer(callers: number, waiting: number, more: boolean): void {
    this.#answered += callers
    if (waiting === 0 && this.#answered < firstEarlyRecords) {
      this.cancel()
      return
    }
    this.#answersBegan ??= performance.now()
    this.held = this.#syncMillis > this.#recordMillis * (this.#answered + waiting)
    if (!more) queueMicrotask(this.#microtasksRun)
  }

  /** Nobody is waited for any more: the sync must start now. */
  cancel(): void {
    this.held = false
    this.#answersBegan = undefined
    this.#answered = 0
  }

  // After all microtasks, also those that the answers lead to.
  readonly #microtasksRun = (): void => process.nextTick(this.#gathered)

  readonly #gathered = (): void => {
    if (this.#answersBegan === undefined) return
    const millis = (performance.now() - this.#answersBegan) / this.#answered
    this.#recordMillis += (millis - this.#recordMillis) * weight
    const { held } = this
    this.cancel()
    if (held) this.#onGathered()
  }
}
