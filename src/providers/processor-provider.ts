import type { Context } from '@opentelemetry/api'
import type { ForceFlushOptions, LogRecordProcessor, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { deliveryKey, getAuditDelivery, isProcessor, type AuditProvider } from '../aggregator/audit-provider.ts'
import { AuditError } from '../errors.ts'
import { isAuditRecord } from './audit-log-record.ts'
import { writableCopy } from './carriable-record.ts'
import { checkedBackend } from './provider-options.ts'
import { providerFailure, settlementOf, shutDownError } from './settlement.ts'
import { defaultTimeLimitMillis, withinLimit } from './time-limit.ts'

/**
 * Any OpenTelemetry `LogRecordProcessor` as an audit provider, such as `SimpleLogRecordProcessor` or
 * `BatchLogRecordProcessor`. Durability: none; a record is confirmed when `onEmit` returned, or the promise that it
 * returned is fulfilled. That says that the processor has seen the record and nothing more: `BatchLogRecordProcessor`
 * drops in silence what exceeds its queue and what its exporter cannot deliver. Where the exporter itself is at hand,
 * `exporterProvider` confirms more.
 *
 * The processor gets a copy, so what it writes to the record reaches nobody else.
 *
 * @param backend the name in receipts, `/^[a-z][a-z0-9_-]{0,31}$/`
 * @throws AuditError `bad_config`
 */
export function processorProvider(backend: string, processor: LogRecordProcessor): AuditProvider {
  const name = checkedBackend(backend, 'processorProvider')
  if (!isProcessor(processor)) {
    throw new AuditError(
      'bad_config',
      `processorProvider: "${name}" needs a LogRecordProcessor (onEmit, forceFlush, shutdown)`,
    )
  }
  return new WrappedProcessorProvider(name, processor)
}

/** A processor as it may really be: an `async onEmit` is a mistake that the types do not stop. */
interface Wrapped extends Pick<LogRecordProcessor, 'forceFlush' | 'shutdown'> {
  onEmit(record: ReadWriteLogRecord, context?: Context): unknown
}

class WrappedProcessorProvider implements AuditProvider {
  readonly auditBackend: string
  readonly auditDurability = 'none'
  readonly #processor: Wrapped
  #shutdown: Promise<void> | undefined

  constructor(backend: string, processor: Wrapped) {
    this.auditBackend = backend
    this.#processor = processor
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    if (!isAuditRecord(record)) return
    const settlement = settlementOf(getAuditDelivery(context), this.auditBackend, 'memory')
    if (this.#shutdown !== undefined) {
      settlement.fail(shutDownError(this.auditBackend))
      return
    }
    const failed = (what: string, cause: unknown): void =>
      settlement.fail(providerFailure(this.auditBackend, `onEmit of the processor ${what}`, cause))
    try {
      // The slot is this provider's; what is wrapped must not find it.
      const returned = this.#processor.onEmit(writableCopy(record), context?.deleteValue(deliveryKey))
      if (returned === undefined) settlement.confirm()
      else {
        Promise.resolve(returned).then(
          () => settlement.confirm(),
          (cause: unknown) => failed('rejected', cause),
        )
      }
    } catch (thrown) {
      failed('threw', thrown)
    }
  }

  /** @throws AuditError `provider_timeout`; whatever the processor's own `forceFlush` rejects with */
  async forceFlush(options?: ForceFlushOptions): Promise<void> {
    if (this.#shutdown !== undefined) return this.#shutdown
    const limitMillis = options?.timeoutMillis ?? defaultTimeLimitMillis
    await this.#limited('forceFlush', limitMillis, () => this.#processor.forceFlush(options))
  }

  /**
   * A second call gives the first one's outcome.
   *
   * @throws AuditError `provider_timeout`; whatever the processor's own `shutdown` rejects with
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#limited('shutdown', defaultTimeLimitMillis, () => this.#processor.shutdown())
    return this.#shutdown
  }

  #limited(what: string, limitMillis: number, work: () => Promise<void>): Promise<void> {
    return withinLimit(work, limitMillis, `audit provider "${this.auditBackend}": ${what} of the processor`)
  }
}
