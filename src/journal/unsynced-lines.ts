import type { Line } from './line-builder.ts'
import type { Segment } from './segment.ts'

/** The lines that are written and not acknowledged, oldest first, and how much waits for the disk in all. */
export class UnsyncedLines {
  /** Of the lines here. */
  bytes = 0
  /** Of the lines here and of the one in progress. */
  records = 0
  #lines: Line[] = []

  get all(): readonly Line[] {
    return this.#lines
  }

  add(line: Line): void {
    this.#lines.push(line)
    this.bytes += line.end - line.start
  }

  /** Takes out those that a sync of `segment` through this offset covers, until they hold so many records or more. */
  takeSynced(segment: Segment, through: number, enough: number): readonly Line[] {
    let count = 0
    let records = 0
    for (const line of this.#lines) {
      if (records >= enough || line.segment !== segment || line.segmentEnd > through) break
      count++
      records += line.hashes.length
      this.bytes -= line.end - line.start
    }
    this.records -= records
    return this.#lines.splice(0, count)
  }

  /** Takes out all of them, and forgets the line in progress as well. */
  takeAll(): Line[] {
    const lines = this.#lines
    this.#lines = []
    this.bytes = 0
    this.records = 0
    return lines
  }
}

/** How many of the records are callers'. The pipeline's own have no waiter, or one that says so. */
export function callersIn(lines: readonly Line[]): number {
  let count = 0
  for (const { waiters } of lines) {
    for (const waiter of waiters) if (waiter !== undefined && waiter.ofPipeline !== true) count++
  }
  return count
}

/** Tells the waiters of all records, oldest first, where they stand. */
export function tellDurable(stream: string, lines: readonly Line[]): void {
  for (const { waiters, hashes, first } of lines) {
    for (let index = 0; index < waiters.length; index++) {
      waiters[index]?.durable(stream, first + index, hashes[index] ?? '')
    }
  }
}
