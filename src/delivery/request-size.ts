const smallest = 65_536

/**
 * How large a request may be now. A server that finds requests too large (413) or a line on which they do not get
 * through in time gets smaller ones; successes let them grow again.
 */
export class RequestSize {
  readonly #most: number
  #limit: number
  #ceiling: number
  #successes = 0

  constructor(most: number) {
    this.#most = most
    this.#limit = most
    this.#ceiling = most
  }

  get limit(): number {
    return this.#limit
  }

  /** The server said 413 to a request of this size. What it takes is tried again only now and then. */
  tooLarge(bytes: number): void {
    this.#ceiling = Math.min(this.#ceiling, Math.max(bytes >> 1, Math.min(smallest, this.#most)))
    this.#limit = Math.min(this.#limit, this.#ceiling)
    this.#successes = 0
  }

  /** Requests got no answer, several times. */
  shrink(): void {
    this.#limit = Math.max(this.#limit >> 1, Math.min(smallest, this.#limit))
  }

  succeeded(): void {
    if (++this.#successes % 256 === 0) this.#ceiling = Math.min(this.#most, this.#ceiling * 2)
    this.#limit = Math.min(this.#ceiling, this.#limit * 2)
  }
}
