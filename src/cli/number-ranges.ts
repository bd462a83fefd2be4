/** Numbers of a stream, as ranges: those of a whole stream are one. */
export class NumberRanges {
  readonly #ranges: { first: number; last: number }[] = []

  add(first: number, last: number): void {
    const current = this.#ranges.at(-1)
    if (current !== undefined && first >= current.first && first <= current.last + 1) {
      current.last = Math.max(current.last, last)
    } else {
      this.#ranges.push({ first, last })
    }
  }

  has(number: number): boolean {
    return this.#ranges.some(({ first, last }) => first <= number && number <= last)
  }

  get highest(): number {
    return this.#ranges.reduce((highest, { last }) => Math.max(highest, last), 0)
  }
}
