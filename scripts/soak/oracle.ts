import { readdirSync } from 'node:fs'
import type { CollectedRecord } from '../../src/testing/index.ts'

export interface Account {
  readonly acknowledged: number
  readonly arrived: number
  readonly setAside: number
  readonly refused: number
  /** Refusals of the disk's, by the service's count, and by that of the trail's own gap records. */
  readonly refusedByDisk: number
  readonly toldByGaps: number
  readonly missing: readonly string[]
}

/** What was acknowledged to the service's callers, against what the collector took and what was set aside. */
export class Oracle {
  readonly #acknowledged = new Map<string, number[]>()
  readonly #arrived = new Map<string, Set<number>>()
  readonly #gaps = new Map<string, number>()
  readonly refusals: Record<string, number> = {}

  acknowledge(stream: string, number: number): void {
    const numbers = this.#acknowledged.get(stream)
    if (numbers === undefined) this.#acknowledged.set(stream, [number])
    else numbers.push(number)
  }

  refuse(code: string): void {
    this.refusals[code] = (this.refusals[code] ?? 0) + 1
  }

  /** In the order of arrival, repeats too. */
  arrive(record: CollectedRecord): void {
    const text = (key: string): string => {
      const value = record.attributes?.find((attribute) => attribute.key === key)?.value
      const found = value?.['stringValue'] ?? value?.['intValue']
      return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
    }
    const stream = text('audit.sequence.stream_id')
    const numbers = this.#arrived.get(stream) ?? new Set()
    this.#arrived.set(stream, numbers.add(Number(text('audit.sequence.number'))))
    if (record.eventName === 'audit.pipeline.gap') this.#gap(text('audit.record.id'), record.body)
  }

  /** `directory`: the journal's, whose folder of records set aside counts as a place. */
  settle(directory: string): Account {
    const aside = setAside(directory)
    let acknowledged = 0
    const missing: string[] = []
    for (const [stream, numbers] of this.#acknowledged) {
      acknowledged += numbers.length
      const arrived = this.#arrived.get(stream)
      for (const number of numbers) {
        if (arrived?.has(number) !== true && !aside.has(`${stream}-${number}`)) missing.push(`${stream}/${number}`)
      }
    }
    const byDisk = ['disk_error', 'disk_full', 'journal_full'].map((code) => this.refusals[code] ?? 0)
    return {
      acknowledged,
      arrived: [...this.#arrived.values()].reduce((sum, numbers) => sum + numbers.size, 0),
      setAside: aside.size,
      refused: Object.values(this.refusals).reduce((sum, count) => sum + count, 0),
      refusedByDisk: byDisk.reduce((sum, count) => sum + count, 0),
      toldByGaps: [...this.#gaps.values()].reduce((sum, count) => sum + count, 0),
      missing,
    }
  }

  #gap(recordId: string, body: unknown): void {
    const { kvlistValue } = body as { kvlistValue?: { values?: { key: string; value: Record<string, unknown> }[] } }
    const value = (key: string): unknown =>
      Object.values(kvlistValue?.values?.find((pair) => pair.key === key)?.value ?? {})[0]
    if (value('reason') !== 'set_aside') this.#gaps.set(recordId, Number(value('unconfirmed')))
  }
}

function setAside(directory: string): Set<string> {
  const folder = `${directory}/set-aside`
  try {
    return new Set(readdirSync(folder).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : [])))
  } catch {
    return new Set()
  }
}
