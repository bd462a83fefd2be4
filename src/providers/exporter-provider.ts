import type { Context } from '@opentelemetry/api'
import type { ForceFlushOptions, LogRecordExporter, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { getAuditDelivery, type AuditProvider } from '../aggregator/audit-provider.ts'
import { AuditError } from '../errors.ts'
import { isAuditRecord } from './audit-log-record.ts'
import { carriableRecord } from './carriable-record.ts'
import { ExportQueue } from './export-queue.ts'
import { checkedBackend, checkedCount, checkKnownOptions } from './provider-options.ts'
import { providerFailure, settlementOf, shutDownError } from './settlement.ts'
import { defaultTimeLimitMillis, withinLimit } from './time-limit.ts'

export interface ExporterProviderOptions {
  /** Most records in one call of `export`. Default: 512 (rule P11). */
  readonly maxBatchRecords?: number
  /**
   * Most records that wait for the exporter. Above it a record is refused: its call sees this backend fail. Default:
   * 65,536; each costs the memory of its record.
   */
  readonly maxQueueRecords?: number
  /** When an export that has not called back counts as failed. Default: 30,000 (rule P11). */
  readonly exportTimeoutMillis?: number
}

/**
 * Any OpenTelemetry `LogRecordExporter` as an audit provider. The calls of one turn of the event loop are exported as
 * one batch, one export at a time (rule P8); a record is confirmed when the exporter calls back `SUCCESS`, and fails
 * otherwise. Nothing is dropped in silence, but nothing is kept or tried again here either. Durability: none.
 *
 * `SUCCESS` is the exporter's word and worth no more. `OTLPLogExporter` calls it back also when the receiver rejected
 * records (`partial_success`), answered 2xx with HTML or with a body that was cut off, and whatever the receiver then
 * does with the records; after 5 attempts inside its own time limit a batch is gone. For a trail that must not lose
 * anything use the journal, and this beside it.
 *
 * What OpenTelemetry's exporters cannot carry is replaced in a copy: bigints beyond 2^53 by decimal strings.
 *
 * @param backend the name in receipts, `/^[a-z][a-z0-9_-]{0,31}$/`
 * @throws AuditError `bad_config`
 * @example
 * exporterProvider('otlp', new OTLPLogExporter({ url: 'http://localhost:4318/v1/logs' }))
 */
export function exporterProvider(
  backend: string,
  exporter: LogRecordExporter,
  options: ExporterProviderOptions = {},
): AuditProvider {
  const maker = 'exporterProvider'
  const name = checkedBackend(backend, maker)
  if (!isExporter(exporter)) {
    throw new AuditError('bad_config', `${maker}: "${name}" needs a LogRecordExporter (export, forceFlush, shutdown)`)
  }
  checkKnownOptions(options, ['maxBatchRecords', 'maxQueueRecords', 'exportTimeoutMillis'], maker)
  const limits = {
    maxBatchRecords: checkedCount(options.maxBatchRecords, 512, 'maxBatchRecords', maker),
    maxQueueRecords: checkedCount(options.maxQueueRecords, 65_536, 'maxQueueRecords', maker),
    exportTimeoutMillis: checkedCount(options.exportTimeoutMillis, 30_000, 'exportTimeoutMillis', maker),
  }
  return new ExporterAuditProvider(name, exporter, new ExportQueue(name, exporter, limits))
}

class ExporterAuditProvider implements AuditProvider {
  readonly auditBackend: string
  readonly auditDurability = 'none'
  readonly #exporter: LogRecordExporter
  readonly #queue: ExportQueue
  #shutdown: Promise<void> | undefined

  constructor(backend: string, exporter: LogRecordExporter, queue: ExportQueue) {
    this.auditBackend = backend
    this.#exporter = exporter
    this.#queue = queue
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    if (!isAuditRecord(record)) return
    const settlement = settlementOf(getAuditDelivery(context), this.auditBackend, 'memory')
    if (this.#shutdown !== undefined) {
      settlement.fail(shutDownError(this.auditBackend))
      return
    }
    try {
      this.#queue.put(carriableRecord(record), settlement)
    } catch (thrown) {
      settlement.fail(providerFailure(this.auditBackend, 'the record was not queued', thrown))
    }
  }

  /**
   * Resolves when all records so far are settled and the exporter has flushed. That it resolves does not say that the
   * exports succeeded.
   *
   * @throws AuditError `provider_timeout`; whatever the exporter's own `forceFlush` rejects with
   */
  async forceFlush(options?: ForceFlushOptions): Promise<void> {
    if (this.#shutdown !== undefined) return this.#shutdown
    await this.#limited('forceFlush', options?.timeoutMillis ?? defaultTimeLimitMillis, async () => {
      await this.#queue.idle()
      await this.#exporter.forceFlush()
    })
  }

  /**
   * Exports what waits, then shuts the exporter down. A second call gives the first one's outcome.
   *
   * @throws AuditError `provider_timeout`; whatever the exporter's own `shutdown` rejects with
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close()
    return this.#shutdown
  }

  async #close(): Promise<void> {
    try {
      await this.#limited('the last export', defaultTimeLimitMillis, () => this.#queue.idle())
    } catch {
      this.#queue.abandon(shutDownError(this.auditBackend))
    }
    await this.#limited('shutdown', defaultTimeLimitMillis, () => this.#exporter.shutdown())
  }

  #limited(what: string, limitMillis: number, work: () => Promise<void>): Promise<void> {
    return withinLimit(work, limitMillis, `audit provider "${this.auditBackend}": ${what} of the exporter`)
  }
}

function isExporter(value: unknown): value is LogRecordExporter {
  if (typeof value !== 'object' || value === null) return false
  const candidate = value as Partial<LogRecordExporter>
  return (
    typeof candidate.export === 'function' &&
    typeof candidate.forceFlush === 'function' &&
    typeof candidate.shutdown === 'function'
  )
}
