import { setImmediate } from 'node:timers'
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { AuditError } from '../errors.ts'
import { providerFailure, type Settlement } from './settlement.ts'
import { withinLimit } from './time-limit.ts'

interface Waiting {
  readonly record: ReadableLogRecord
  readonly settlement: Settlement
}

export interface ExportQueueLimits {
  readonly maxBatchRecords: number
  readonly maxQueueRecords: number
  readonly exportTimeoutMillis: number
}

/** An exporter as it may really be: an `async export` is a mistake that the types do not stop. */
interface Exporter {
  export(...given: Parameters<LogRecordExporter['export']>): unknown
}

// An exporter's own HTTP requests must not become spans of the service.
const untraced = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true)

const success = 0

/**
 * Batches the records of one turn of the event loop and hands them to an exporter, one export in flight (rule P8).
 * Every record put in is settled: confirmed by the export callback, or failed with the reason.
 */
export class ExportQueue {
  readonly #backend: string
  readonly #exporter: Exporter
  readonly #limits: ExportQueueLimits
  readonly #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(backend: string, exporter: Exporter, limits: ExportQueueLimits) {
    this.#backend = backend
    this.#exporter = exporter
    this.#limits = limits
  }

  put(record: ReadableLogRecord, settlement: Settlement): void {
    if (this.#waiting.length >= this.#limits.maxQueueRecords) {
      settlement.fail(
        new AuditError(
          'provider_failed',
          `audit provider "${this.#backend}": ${this.#waiting.length} records wait for the exporter already; this one was refused, not queued`,
        ),
      )
      return
    }
    this.#waiting.push({ record, settlement })
    this.#running ??= this.#run()
  }

  /** Resolves when everything put in so far is settled. */
  async idle(): Promise<void> {
    await this.#running
  }

  /** Fails whatever still waits. */
  abandon(error: AuditError): void {
    for (const { settlement } of this.#waiting.splice(0)) settlement.fail(error)
  }

  async #run(): Promise<void> {
    // The turn's end: all calls of this turn share one export.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#limits.maxBatchRecords)
      // Nothing runs for a caller that gave up while its record waited.
      const wanted = batch.filter(({ settlement }) => !settlement.aborted)
      for (const { settlement } of batch) if (settlement.aborted) settlement.fail(this.#abortedError())
      if (wanted.length > 0) await this.#exportBatch(wanted)
    }
    this.#running = undefined
  }

  async #exportBatch(batch: readonly Waiting[]): Promise<void> {
    const records = batch.map(({ record }) => record)
    try {
      await withinLimit(
        () => this.#export(records),
        this.#limits.exportTimeoutMillis,
        `audit provider "${this.#backend}": the export of ${batch.length} records`,
      )
      for (const { settlement } of batch) settlement.confirm()
    } catch (thrown) {
      const error = providerFailure(this.#backend, `the export of ${batch.length} records failed`, thrown)
      for (const { settlement } of batch) settlement.fail(error)
    }
  }

  async #export(records: ReadableLogRecord[]): Promise<void> {
    for (const { resource } of records) {
      // A detector that failed costs its own attributes, not the record.
      if (resource.asyncAttributesPending === true) await resource.waitForAsyncAttributes?.().catch(() => undefined)
    }
    await new Promise<void>((resolve, reject) => {
      context.with(untraced, () => {
        const returned = this.#exporter.export(records, (result) => {
          const outcome = result as { readonly code?: number; readonly error?: Error } | undefined
          if (outcome?.code === success) resolve()
          else reject(outcome?.error ?? new Error('the exporter reported a failure without a reason'))
        })
        // The callback alone confirms, but a rejection need not wait for the time limit.
        Promise.resolve(returned).catch(reject)
      })
    })
  }

  #abortedError(): AuditError {
    return new AuditError('aborted', `audit provider "${this.#backend}": the caller gave up before the export began`)
  }
}
