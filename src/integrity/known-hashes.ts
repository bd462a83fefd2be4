const recordsPerPage = 256

/** 2 × 13 hex digits, 104 bits, of each hash: enough to tell equal from different. */
const digits = 13

/** What is remembered of the hash at a number. */
export type KnownHash = 'same' | 'different' | 'unknown'

interface Page {
  readonly owner: Map<number, Float64Array>
  readonly index: number
}

/** The hashes of a stream's records, compact, by number. All streams of one memory share its bound. */
export class KnownHashes {
  readonly #pages = new Map<number, Float64Array>()
  readonly #memory: HashMemory

  constructor(memory: HashMemory) {
    this.#memory = memory
  }

  set(number: number, hash: string): void {
    const index = Math.floor(number / recordsPerPage)
    let page = this.#pages.get(index)
    if (page === undefined) {
      page = new Float64Array(2 * recordsPerPage)
      this.#pages.set(index, page)
      this.#memory.added({ owner: this.#pages, index })
    }
    const at = 2 * (number % recordsPerPage)
    page[at] = part(hash, 0) + 1
    page[at + 1] = part(hash, digits)
  }

  compare(number: number, hash: string): KnownHash {
    const page = this.#pages.get(Math.floor(number / recordsPerPage))
    const at = 2 * (number % recordsPerPage)
    if (page === undefined || page[at] === 0) return 'unknown'
    return page[at] === part(hash, 0) + 1 && page[at + 1] === part(hash, digits) ? 'same' : 'different'
  }
}

/** The bound that streams share: the oldest pages go first. */
export class HashMemory {
  readonly #pages: Page[] = []
  readonly #maxPages: number
  #oldest = 0

  constructor(maxRecords: number) {
    this.#maxPages = Math.max(1, Math.ceil(maxRecords / recordsPerPage))
  }

  added(page: Page): void {
    if (this.#pages.length < this.#maxPages) {
      this.#pages.push(page)
      return
    }
    const gone = this.#pages[this.#oldest]
    gone?.owner.delete(gone.index)
    this.#pages[this.#oldest] = page
    this.#oldest = (this.#oldest + 1) % this.#maxPages
  }
}

/** NaN, which equals nothing, for what is no lower-case hex. */
function part(hash: string, start: number): number {
  let value = 0
  for (let at = start; at < start + digits; at++) {
    const code = hash.charCodeAt(at)
    const digit = code < 0x60 ? code - 0x30 : code - 0x57
    if (!(digit >= 0 && digit <= 15) || (code >= 0x3a && code < 0x61)) return Number.NaN
    value = value * 16 + digit
  }
  return value
}
