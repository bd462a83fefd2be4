import type { KnownHashes } from './known-hashes.ts'
import type { TrailFinding, TrailFindingKind, TrailOptions, TrailStream } from './trail-report.ts'

/** A record as its stream's chain sees it. */
export interface Link {
  readonly number: number
  /** Its own integrity hash; `undefined` when it has none (reported where that was found). */
  readonly hash: string | undefined
  readonly previousHash: string
  readonly end: boolean
  readonly recordId: string | undefined
  readonly source: string
  readonly line: number
  readonly ordered: boolean
  /** True when something other than its predecessor vouches for its content. */
  vouched: boolean
  /** True when its line says that its content is another; reported where that was found. */
  readonly denied: boolean
}

/** Numbers that were not seen yet, and the links on both sides; `before` is `undefined` at the start of the stream. */
interface Hole {
  readonly from: number
  readonly to: number
  readonly before: Link | undefined
  readonly after: Link
}

interface BrokenLink {
  readonly before: Link
  readonly after: Link
}

interface Run {
  readonly first: Link
  last: Link
  count: number
  compared: boolean
}

export type Found = (finding: TrailFinding) => void

/**
 * One stream's chain, checked while its records come in any order. Kept are: the last link, the holes, the broken links,
 * and a bounded memory of hashes; so a stream that comes in order takes no more room however long it is.
 */
export class Chain {
  readonly streamId: string
  readonly #found: Found
  readonly #known: KnownHashes
  readonly #holes: Hole[] = []
  readonly #broken: BrokenLink[] = []
  #head: Link | undefined
  #end: Link | undefined
  #first = 0
  #records = 0
  #repeats: Run | undefined

  constructor(streamId: string, known: KnownHashes, found: Found) {
    this.streamId = streamId
    this.#known = known
    this.#found = found
  }

  add(link: Link): void {
    const head = this.#head
    if (head !== undefined && link.number <= head.number) {
      const hole = this.#holeOf(link.number)
      if (hole < 0) this.#again(link)
      else this.#fill(hole, link, head)
      return
    }
    this.#head = link
    if (head === undefined) this.#first = link.number
    if (link.number === (head?.number ?? 0) + 1) this.#join(head, link)
    else this.#holes.push({ from: (head?.number ?? 0) + 1, to: link.number - 1, before: head, after: link })
    this.#took(link)
  }

  /** A link whose number is new. */
  #took(link: Link): void {
    this.#endRepeats()
    this.#records++
    this.#first = Math.min(this.#first, link.number)
    if (link.hash !== undefined) this.#known.set(link.number, link.hash)
    if (this.#end !== undefined && link.number > this.#end.number)
      this.#report('after_end', link, this.#afterEnd(this.#end))
    if (!link.end) return
    const head = this.#head
    if (head !== undefined && head.number > link.number) this.#report('after_end', head, this.#afterEnd(link))
    if (this.#end === undefined || link.number < this.#end.number) this.#end = link
  }

  #afterEnd(end: Link): string {
    return `the stream was closed by record ${end.number} (${where(end)})`
  }

  /** The index of the hole that the number is in, or -1; the holes are in order. */
  #holeOf(number: number): number {
    let low = 0
    let high = this.#holes.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const { from, to } = this.#holes[middle] as Hole
      if (number < from) high = middle - 1
      else if (number > to) low = middle + 1
      else return middle
    }
    return -1
  }

  /** A number that was missing so far. */
  #fill(index: number, link: Link, head: Link): void {
    const { from, to, before, after } = this.#holes[index] as Hole
    const rest: Hole[] = []
    if (link.number === from) this.#join(before, link)
    else rest.push({ from, to: link.number - 1, before, after: link })
    if (link.number === to) this.#join(link, after)
    else rest.push({ from: link.number + 1, to, before: link, after })
    this.#holes.splice(index, 1, ...rest)
    const message = `it stands behind record ${head.number} (${where(head)})`
    this.#report('reorder', link, message, link.ordered ? 'error' : 'info')
    this.#took(link)
  }

  /** A number that was seen before. */
  #again(link: Link): void {
    if (link.hash === undefined) return
    const known = this.#known.compare(link.number, link.hash)
    if (known === 'different') {
      this.#report('fork', link, `another record ${link.number} of the stream, with other content, was seen before`)
      return
    }
    const compared = known === 'same'
    const run = this.#repeats
    if (run !== undefined && link.number === run.last.number + 1 && compared === run.compared) {
      run.last = link
      run.count++
    } else {
      this.#endRepeats()
      this.#repeats = { first: link, last: link, count: 1, compared }
    }
  }

  #endRepeats(): void {
    if (this.#repeats === undefined) return
    const { first, last, count, compared } = this.#repeats
    this.#repeats = undefined
    const which = count === 1 ? 'the record was' : `records ${first.number} to ${last.number} were`
    const how = compared ? 'seen before with the same content' : 'seen before; the contents could not be compared'
    this.#report('repeat', first, `${which} ${how}`, 'info')
  }

  /** Two neighbours: the later one names the hash of the earlier one. */
  #join(before: Link | undefined, after: Link): void {
    if (before === undefined) {
      if (after.previousHash === '') return
      this.#report(
        'wrong_hash',
        after,
        `the first record of a stream has no predecessor, but this one names ${after.previousHash}`,
      )
      return
    }
    if (before.hash === undefined) return
    if (before.hash === after.previousHash) before.vouched = true
    else this.#broken.push({ before, after })
  }

  /** After the last record: what stayed missing or broken. */
  close(options: TrailOptions): TrailStream | undefined {
    this.#endRepeats()
    for (const { before, after } of this.#broken) this.#reportBroken(before, after)
    for (const { from, to, before, after } of this.#holes) {
      if (before === undefined && options.partial === true) continue
      const missing = from === to ? `record ${from} is` : `records ${from} to ${to} are`
      const between = before === undefined ? '' : `behind record ${before.number} (${where(before)}) and `
      this.#report(
        'gap',
        { ...after, number: from, recordId: undefined },
        `${missing} missing, ${between}before record ${after.number} (${where(after)})`,
      )
    }
    const head = this.#head
    if (head === undefined) return undefined
    const { streamId } = this
    const ended = this.#end !== undefined
    return { streamId, first: this.#first, last: head.number, records: this.#records, ended, headHash: head.hash ?? '' }
  }

  #reportBroken(before: Link, after: Link): void {
    if (before.denied) return
    const named = after.previousHash === '' ? 'no predecessor' : `a predecessor with hash ${after.previousHash}`
    const facts = `record ${after.number} (${where(after)}) names ${named}, but record ${before.number} (${where(before)}) has ${before.hash ?? 'none'}`
    if (after.vouched) this.#report('altered', before, `its content is not what it was: ${facts}`)
    else this.#report('wrong_hash', after, `one of two neighbours is not what it was: ${facts}`)
  }

  /** What another stream says of this one's last record. */
  checkTail(lastNumber: number, headHash: string, adopter: Link): void {
    const head = this.#head
    if (head === undefined) return
    if (head.number < lastNumber) {
      const message = `records ${head.number + 1} to ${lastNumber} are missing at the end: a later stream saw them when it adopted this one (${where(adopter)})`
      this.#report('tail_lost', { ...head, number: head.number + 1, recordId: undefined }, message)
    } else if (this.#known.compare(lastNumber, headHash) === 'different') {
      const message = `record ${lastNumber} is not what a later stream saw when it adopted this one (${where(adopter)})`
      this.#report('altered', { ...head, number: lastNumber, recordId: undefined }, message)
    }
  }

  #report(kind: TrailFindingKind, link: Link, message: string, level: 'error' | 'info' = 'error'): void {
    const { number, recordId, source, line } = link
    this.#found({ kind, level, streamId: this.streamId, number, recordId, source, line, message })
  }
}

/** Names a record's place for a message. */
export function where(link: Pick<Link, 'recordId' | 'source' | 'line'>): string {
  return `${link.recordId ?? 'no record id'}, ${link.source}:${link.line}`
}
