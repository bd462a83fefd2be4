import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AuditCollectorOptions } from '../../src/config.ts'
import type { AuditLogger } from '../../src/aggregator/audit-logger.ts'
import { createAuditLogger } from '../../src/create-audit-logger.ts'
import {
  startHostileCollector,
  type HostileCollector,
  type HostileCollectorOptions,
} from '../../src/testing/hostile-collector.ts'

/** Short waits, so that a back-off limit is a matter of a test: the longest wait without `Retry-After` is 100 ms. */
export const waits = { timeoutMillis: 300, initialBackoffMillis: 10, maxBackoffMillis: 100, pauseMillis: 60 } as const

export interface Accounts {
  readonly acknowledged: number
  readonly received: number
  /** Acknowledged, and neither at the far end nor set aside. */
  readonly missing: readonly string[]
  /** Ids of what is set aside, as the files say. */
  readonly setAside: readonly string[]
  readonly duplicates: number
  readonly outOfOrder: number
  readonly overlaps: number
  readonly conflicts: number
}

/** The whole library between a caller and a hostile collector, and the oracle that remembers every `true`. */
export class HostileTrail {
  readonly collector: HostileCollector
  directory = path.join(mkdtempSync(path.join(tmpdir(), 'otel-audit-hostile-')), 'journal')
  readonly #settings: AuditCollectorOptions | false
  readonly #acknowledged: string[] = []
  #logger: AuditLogger

  static async start(options: HostileCollectorOptions = {}, settings?: AuditCollectorOptions): Promise<HostileTrail> {
    const collector = await startHostileCollector({ keepRecords: false, ...options })
    return new HostileTrail(collector, { url: collector.url, ...waits, ...settings })
  }

  constructor(collector: HostileCollector, settings: AuditCollectorOptions | false) {
    this.collector = collector
    this.#settings = settings
    this.#logger = this.#make(settings)
  }

  /** Resolves once all are acknowledged as durable here. Returns their ids. */
  async log(count: number, { action = 'update', occurredAt = new Date() } = {}): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID())
    const confirmed = await Promise.all(
      ids.map((recordId, i) => {
        const event = { adminUserId: 'operator', action, targetType: 'setting', targetId: i, recordId, occurredAt }
        return this.#logger.logAction({ ...event, details: { filler: 'x'.repeat(i % 300) } })
      }),
    )
    const acknowledged = ids.filter((_, i) => confirmed[i] === true)
    for (const id of acknowledged) this.#acknowledged.push(id)
    return acknowledged
  }

  get allAcknowledged(): readonly string[] {
    return this.#acknowledged
  }

  /** Ends this life without delivering and begins the next, which adopts what is left. */
  async restart(settings = this.#settings): Promise<void> {
    await this.#logger.shutdown({ drain: false, timeoutMillis: 1_000 })
    this.#logger = this.#make(settings)
    await this.#logger.ready()
  }

  /** The next life finds the journal as a killed process leaves it: undelivered, and without a stop record. */
  async crash(): Promise<void> {
    const before = this.directory
    this.directory = `${before}-`
    cpSync(before, this.directory, { recursive: true })
    await this.#logger.shutdown({ drain: false, timeoutMillis: 1_000 })
    this.#logger = this.#make(this.#settings)
    await this.#logger.ready()
  }

  async drain(timeoutMillis: number): Promise<number> {
    return (await this.#logger.drain({ timeoutMillis })).undelivered
  }

  accounts(): Accounts {
    const there = new Set(this.collector.recordIds())
    const setAside = this.#setAside()
    const aside = new Set(setAside)
    const { duplicates, outOfOrder, overlaps, conflicts } = this.collector.received()
    const missing = this.#acknowledged.filter((id) => !there.has(id) && !aside.has(id))
    const acknowledged = this.#acknowledged.length
    return { acknowledged, received: there.size, missing, setAside, duplicates, outOfOrder, overlaps, conflicts }
  }

  async end(): Promise<void> {
    await this.#logger.shutdown({ timeoutMillis: 1_000 })
    await this.collector.close()
    rmSync(path.dirname(this.directory), { recursive: true, force: true })
  }

  #make(collector: AuditCollectorOptions | false): AuditLogger {
    return createAuditLogger({ journal: { dir: this.directory }, collector, onProblem: () => undefined })
  }

  #setAside(): string[] {
    const directory = path.join(this.directory, 'set-aside')
    if (!existsSync(directory)) return []
    return readdirSync(directory).map((name) => {
      const entry = JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as {
        recordId: string
        request: string
      }
      if (!entry.request.includes(entry.recordId)) throw new Error(`${name} does not hold its record`)
      return entry.recordId
    })
  }
}
