import { NumberRanges } from '../number-ranges.ts'

/** The numbers that stand in sound lines of a stream, by the generation of their segment. */
export class SoundNumbers {
  readonly #ofSegment = new Map<number, NumberRanges>()

  add(generation: number, first: number, last: number): void {
    let numbers = this.#ofSegment.get(generation)
    if (numbers === undefined) this.#ofSegment.set(generation, (numbers = new NumberRanges()))
    numbers.add(first, last)
  }

  /** Where a number of this segment stands whole, the latest place. */
  placeOf(number: number, generation: number): 'later segment' | 'same segment' | 'earlier segment' | 'nowhere' {
    const holders = [...this.#ofSegment].filter(([, numbers]) => numbers.has(number)).map(([holder]) => holder)
    const latest = Math.max(...holders)
    if (latest > generation) return 'later segment'
    if (latest === generation) return 'same segment'
    return holders.length > 0 ? 'earlier segment' : 'nowhere'
  }

  get highest(): number {
    return Math.max(0, ...[...this.#ofSegment.values()].map(({ highest }) => highest))
  }
}
