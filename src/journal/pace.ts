/**
 * Says when callers may be answered so that the event loop turns in between: who answers an acknowledgement with the
 * next call at once, as a thousand callers in a loop do, would otherwise keep it from turning at all.
 */
export class Pace {
  #answered = false
  readonly #onTurn: () => void

  /** `onTurn`: the event loop has turned since the last answers. */
  constructor(onTurn: () => void) {
    this.#onTurn = onTurn
  }

  /** Nobody was answered yet in this turn. */
  get free(): boolean {
    return !this.#answered
  }

  /** Somebody was answered. */
  step(): void {
    if (this.#answered) return
    this.#answered = true
    // The first one may come in the turn that runs now, before its sockets are looked at.
    setImmediate(() => setImmediate(this.#turned))
  }

  readonly #turned = (): void => {
    this.#answered = false
    this.#onTurn()
  }
}
