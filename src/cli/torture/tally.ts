import type { ScenarioResult } from './scenario.ts'

export interface Tallied {
  readonly name: string
  readonly tried: readonly string[]
  readonly counts: Record<string, number>
  /** Each with the seed of its pass. */
  readonly failures: string[]
  unchecked?: string
}

/** Results of all passes, by scenario. */
export class Tally {
  readonly #results = new Map<string, Tallied>()

  get results(): readonly Tallied[] {
    return [...this.#results.values()]
  }

  add(name: string, seed: number, { tried, counts, failures, unchecked }: ScenarioResult): void {
    const known = this.#results.get(name) ?? { name, tried: [], counts: {}, failures: [] }
    const sums = { ...known.counts }
    for (const [what, times] of Object.entries(counts)) sums[what] = (sums[what] ?? 0) + times
    this.#results.set(name, {
      name,
      // A long run says what the last pass was like, not each one.
      tried: known.tried.length === 0 ? [tried] : [`${tried} (the last of several passes; the counts are of all)`],
      counts: sums,
      failures: [...known.failures, ...failures.map((failure) => `seed ${seed}: ${failure}`)],
      ...(unchecked === undefined ? {} : { unchecked }),
    })
  }
}
