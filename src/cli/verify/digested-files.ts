import { checkNotStopped } from '../command.ts'
import type { FileRange, RangeDigest } from './file-range.ts'
import type { LineDigest } from './line-digest.ts'

const outOfTurn = 'files are read in the order in which they were given'

/** Digests ranges; may take several at once. */
export interface Digester {
  /** How many ranges it can take before the first is done. */
  readonly ahead: number
  digest(range: FileRange): Promise<RangeDigest>
}

/** The lines of files that are digested ahead of their reader, and read in the order in which they were given. */
export class DigestedFiles {
  readonly #ranges: readonly FileRange[]
  readonly #digester: Digester
  readonly #stopped: AbortSignal | undefined
  readonly #begun: Promise<RangeDigest>[] = []
  #next = 0
  #read = 0

  constructor(ranges: readonly FileRange[], digester: Digester, stopped?: AbortSignal) {
    this.#ranges = ranges
    this.#digester = digester
    this.#stopped = stopped
  }

  /** The lines of the file whose turn it is, in batches, numbered from 1. @throws CannotCheck when stopped */
  async *lines(path: string): AsyncGenerator<readonly LineDigest[], void, undefined> {
    if (this.#ranges[this.#read]?.path !== path) throw new Error(outOfTurn)
    let before = 0
    while (this.#ranges[this.#read]?.path === path) {
      const { lines, digests } = await this.#take()
      yield before === 0 ? digests : digests.map((digest) => ({ ...digest, line: before + digest.line }))
      before += lines
      if (this.#ranges[this.#read]?.start === 0) return
    }
  }

  async #take(): Promise<RangeDigest> {
    while (this.#begun.length < this.#digester.ahead) {
      const range = this.#ranges[this.#next]
      if (range === undefined) break
      this.#next++
      const begun = this.#digester.digest(range)
      // Awaited in its turn; until then a failure must not count as unhandled.
      begun.catch(() => undefined)
      this.#begun.push(begun)
    }
    this.#read++
    const first = this.#begun.shift()
    if (first === undefined) throw new Error(outOfTurn)
    const digested = await first
    if (this.#stopped !== undefined) checkNotStopped(this.#stopped)
    return digested
  }
}
