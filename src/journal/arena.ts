/** A stretch of memory that holds lines until they are acknowledged: what may have to be written once more. */
export interface Arena {
  readonly bytes: Buffer
  /** Where the next line begins. */
  end: number
  /** Lines in it that are not acknowledged. */
  lines: number
}

const arenaBytes = 2 * 1024 * 1024
const keptArenas = 4

/** Hands out arenas and takes them back, so that steady traffic allocates nothing. */
export class ArenaPool {
  readonly #free: Arena[] = []

  /** An empty arena with room for at least `bytes`. */
  take(bytes: number): Arena {
    if (bytes <= arenaBytes) {
      const arena = this.#free.pop()
      if (arena !== undefined) return arena
    }
    return { bytes: Buffer.allocUnsafeSlow(Math.max(bytes, arenaBytes)), end: 0, lines: 0 }
  }

  giveBack(arena: Arena): void {
    if (arena.bytes.length !== arenaBytes || this.#free.length >= keptArenas) return
    arena.end = 0
    this.#free.push(arena)
  }
}
