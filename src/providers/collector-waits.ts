import { AuditError } from '../errors.ts'
import type { DeliveryCursor } from '../journal/journal-source.ts'

interface Wait {
  readonly number: number
  readonly acknowledged: () => void
  readonly failed: (error: AuditError) => void
}

/** Who waits until the collector has acknowledged a record (`durability: 'collector'`). */
export class CollectorWaits {
  readonly #streams = new Map<string, Wait[]>()

  /** Numbers of one stream come in ascending order. */
  add(stream: string, wait: Wait): void {
    const waits = this.#streams.get(stream)
    if (waits === undefined) this.#streams.set(stream, [wait])
    else waits.push(wait)
  }

  delivered(stream: string, { number }: DeliveryCursor): void {
    const waits = this.#streams.get(stream)
    if (waits === undefined) return
    let count = 0
    while (count < waits.length && (waits[count]?.number ?? 0) <= number) count++
    for (const wait of waits.splice(0, count)) wait.acknowledged()
    if (waits.length === 0) this.#streams.delete(stream)
  }

  /** The collector refused the record for good: passing it is no acknowledgement. */
  setAside(stream: string, number: number, status: number): void {
    const waits = this.#streams.get(stream)
    const index = waits?.findIndex((wait) => wait.number === number) ?? -1
    const [wait] = index < 0 || waits === undefined ? [] : waits.splice(index, 1)
    const message = `The collector refused record ${stream}/${number} (status ${status}); it is kept and set aside, see otel-audit set-aside`
    wait?.failed(new AuditError('not_confirmed', message))
  }
}
