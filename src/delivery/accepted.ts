const none: ReadonlySet<number> = new Set()

/**
 * Records that the far end accepted ahead of their turn, as comparisons for a refused one: they are not sent again.
 * Kept in memory only; after a restart they are delivered twice, which is allowed.
 */
export class Accepted {
  readonly #streams = new Map<string, Set<number>>()

  of(stream: string): ReadonlySet<number> {
    return this.#streams.get(stream) ?? none
  }

  add(stream: string, number: number): void {
    const numbers = this.#streams.get(stream)
    if (numbers === undefined) this.#streams.set(stream, new Set([number]))
    else numbers.add(number)
  }

  /** The stream is done through that number. */
  passed(stream: string, number: number): void {
    const numbers = this.#streams.get(stream)
    if (numbers === undefined) return
    for (const one of numbers) if (one <= number) numbers.delete(one)
    if (numbers.size === 0) this.#streams.delete(stream)
  }
}
