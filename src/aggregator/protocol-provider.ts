import type { Context } from '@opentelemetry/api'
import type { ForceFlushOptions, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import {
  getAuditDelivery,
  isProcessor,
  type AuditDelivery,
  type AuditProvider,
  type AuditProviderDurability,
  type AuditProviderProtocol,
} from './audit-provider.ts'

/** Either provider shape as a log record processor. With both shapes in one object, the processor wins. */
export function asProcessor(provider: AuditProvider | AuditProviderProtocol): AuditProvider {
  return isProcessor(provider) ? provider : new ProtocolProvider(provider)
}

/** The duck type of a module, wrapped. Only `true` means that the backend has the event. */
class ProtocolProvider implements AuditProvider {
  readonly auditBackend: string
  readonly auditDurability: AuditProviderDurability
  readonly #provider: AuditProviderProtocol &
    Partial<Pick<AuditProvider, 'forceFlush' | 'shutdown'>> & {
      readonly onEmit?: (record: ReadWriteLogRecord, context?: Context) => unknown
    }

  constructor(provider: AuditProviderProtocol) {
    this.#provider = provider
    this.auditBackend = provider.auditBackend
    this.auditDurability = provider.auditDurability ?? 'durable'
  }

  // What an async onEmit returns has to reach the caller.
  onEmit(record: ReadWriteLogRecord, context?: Context): unknown {
    if (typeof this.#provider.onEmit === 'function') return this.#provider.onEmit(record, context)
    const delivery = getAuditDelivery(context)
    if (delivery === undefined) return undefined
    const answer: unknown = this.#provider.logAction(delivery.event, new ProtocolCall(delivery, record))
    delivery.acknowledge(Promise.resolve(answer).then((yes) => yes === true))
    return undefined
  }

  async forceFlush(options?: ForceFlushOptions): Promise<void> {
    await this.#provider.forceFlush?.(options)
  }

  async shutdown(): Promise<void> {
    await this.#provider.shutdown?.()
  }
}

class ProtocolCall {
  readonly record: ReadWriteLogRecord
  readonly db?: unknown
  readonly #delivery: AuditDelivery

  constructor(delivery: AuditDelivery, record: ReadWriteLogRecord) {
    this.#delivery = delivery
    this.record = record
    if (delivery.db !== undefined) this.db = delivery.db
  }

  get signal(): AbortSignal {
    return this.#delivery.signal
  }
}
