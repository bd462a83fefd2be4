import type { Context } from '@opentelemetry/api'
import type { ReadableLogRecord, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { getAuditDelivery, type AuditProvider } from '../aggregator/audit-provider.ts'
import type { AuditEvent } from '../event/audit-event.ts'
import { eventFromRecord, isAuditRecord } from './audit-log-record.ts'
import { checkedBackend, checkKnownOptions } from './provider-options.ts'
import { settlementOf, shutDownError } from './settlement.ts'

/** One record in memory: the event, and the OpenTelemetry log record that was made of it. */
export interface MemoryRecord {
  readonly event: AuditEvent
  readonly record: ReadableLogRecord
}

/** What {@link MemoryProvider.find} looks for: a predicate, or values that the event must have. */
export type MemoryQuery = ((event: AuditEvent, record: ReadableLogRecord) => boolean) | Partial<AuditEvent>

export interface MemoryProviderOptions {
  /** The backend name. Default: `memory`. */
  readonly backend?: string
}

export interface MemoryProvider extends AuditProvider {
  readonly auditDurability: 'none'
  /** All records since the start or the last `clear()`, oldest first; a copy. */
  records(): readonly MemoryRecord[]
  /** The events of {@link records}. */
  events(): readonly AuditEvent[]
  /** The first match, oldest first. */
  find(query: MemoryQuery): MemoryRecord | undefined
  /** Every match, oldest first. */
  filter(query: MemoryQuery): readonly MemoryRecord[]
  clear(): void
}

/**
 * Keeps records in the memory of this process, for tests and development. Durability: none. It keeps all of them until
 * `clear()`, and what it kept stays readable after shutdown.
 *
 * @throws AuditError `bad_config`
 * @example
 * const memory = memoryProvider()
 * const logger = createAuditLogger({ providers: [memory], journal: false })
 * await logger.logAction({ adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 12 })
 * memory.find({ action: 'create_store' })
 */
export function memoryProvider(options: MemoryProviderOptions = {}): MemoryProvider {
  checkKnownOptions(options, ['backend'], 'memoryProvider')
  return new InMemoryAuditProvider(checkedBackend(options.backend ?? 'memory', 'memoryProvider'))
}

class InMemoryAuditProvider implements MemoryProvider {
  readonly auditBackend: string
  readonly auditDurability = 'none'
  #records: MemoryRecord[] = []
  #state: 'open' | 'closed' = 'open'

  constructor(backend: string) {
    this.auditBackend = backend
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    if (!isAuditRecord(record)) return
    const delivery = getAuditDelivery(context)
    const settlement = settlementOf(delivery, this.auditBackend, 'memory')
    if (this.#state === 'closed') {
      settlement.fail(shutDownError(this.auditBackend))
      return
    }
    this.#records.push({ event: delivery?.event ?? eventFromRecord(record), record })
    settlement.confirm()
  }

  records(): readonly MemoryRecord[] {
    return [...this.#records]
  }

  events(): readonly AuditEvent[] {
    return this.#records.map(({ event }) => event)
  }

  find(query: MemoryQuery): MemoryRecord | undefined {
    return this.#records.find(matcher(query))
  }

  filter(query: MemoryQuery): readonly MemoryRecord[] {
    return this.#records.filter(matcher(query))
  }

  clear(): void {
    this.#records = []
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    this.#state = 'closed'
    return Promise.resolve()
  }
}

function matcher(query: MemoryQuery): (entry: MemoryRecord) => boolean {
  if (typeof query === 'function') return ({ event, record }) => query(event, record)
  const wanted = Object.entries(query)
  return ({ event }) => wanted.every(([key, value]) => Object.is(event[key as keyof AuditEvent], value))
}
