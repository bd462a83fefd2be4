import { attributeOf, type CollectedRecord } from './hostile-collector-behaviour.ts'

/** A summary of what a hostile collector accepted. */
export interface CollectedSummary {
  /** Requests of any outcome. */
  readonly requests: number
  /** Different records accepted, by (stream, number). */
  readonly records: number
  /** Arrivals of records that had been accepted before. */
  readonly duplicates: number
  /** First arrivals of a record after a later one of its stream. */
  readonly outOfOrder: number
  /** Requests that began while another one was being answered. */
  readonly overlaps: number
  /** Records whose (stream, number) arrived with two record ids: a fork. */
  readonly conflicts: number
}

/** What the far end holds: the oracle of conservation, order and duplicates. */
export class Collected {
  requests = 0
  overlaps = 0
  readonly #streams = new Map<string, Map<number, string>>()
  readonly #byId = new Map<string, CollectedRecord>()
  readonly #newest = new Map<string, number>()
  readonly #keepRecords: boolean
  #duplicates = 0
  #outOfOrder = 0
  #conflicts = 0

  constructor(keepRecords: boolean) {
    this.#keepRecords = keepRecords
  }

  add(record: CollectedRecord): void {
    const stream = attributeOf(record, 'audit.sequence.stream_id') ?? ''
    const number = Number(attributeOf(record, 'audit.sequence.number') ?? Number.NaN)
    const id = attributeOf(record, 'audit.record.id') ?? ''
    if (this.#keepRecords && id !== '') this.#byId.set(id, record)
    const numbers = this.#streams.get(stream) ?? new Map<number, string>()
    this.#streams.set(stream, numbers)
    const known = numbers.get(number)
    if (known !== undefined) {
      this.#duplicates++
      if (known !== id) this.#conflicts++
      return
    }
    numbers.set(number, id)
    const newest = this.#newest.get(stream) ?? 0
    if (number < newest) this.#outOfOrder++
    else this.#newest.set(stream, number)
  }

  summary(): CollectedSummary {
    let records = 0
    for (const numbers of this.#streams.values()) records += numbers.size
    const { requests, overlaps } = this
    const counts = { duplicates: this.#duplicates, outOfOrder: this.#outOfOrder, conflicts: this.#conflicts }
    return { requests, records, overlaps, ...counts }
  }

  /** Accepted numbers of a stream in the order of their first arrival. */
  numbers(stream: string): number[] {
    return [...(this.#streams.get(stream)?.keys() ?? [])]
  }

  streams(): string[] {
    return [...this.#streams.keys()]
  }

  recordIds(): string[] {
    return [...this.#streams.values()].flatMap((numbers) => [...numbers.values()])
  }

  find(predicate: (record: CollectedRecord) => boolean): CollectedRecord | undefined {
    for (const record of this.#byId.values()) if (predicate(record)) return record
    return undefined
  }
}
