import { diag } from '@opentelemetry/api'
import type { AuditDelivery } from '../aggregator/audit-provider.ts'
import { isAuditSlot, type AuditReceiptDurability, type AuditSlot } from '../aggregator/confirmation.ts'
import { AuditError } from '../errors.ts'
import type { AppendWaiter } from '../journal/record-codec.ts'
import type { AuditMetrics } from '../telemetry/metrics.ts'
import type { CollectorWaits } from './collector-waits.ts'

export interface JournalAnswersSettings {
  /** What a durable record is worth here. */
  readonly local: () => AuditReceiptDurability
  /** False: journal only, nothing is ever acknowledged by a collector. */
  readonly delivers: boolean
  readonly waits: CollectorWaits
  readonly metrics: AuditMetrics
}

/** Tells callers what became of their records, and counts what was refused. */
export class JournalAnswers {
  readonly #settings: JournalAnswersSettings

  constructor(settings: JournalAnswersSettings) {
    this.#settings = settings
  }

  /** Without `delivery` nobody waits: the record came from a plain `LoggerProvider`. */
  to(delivery: AuditDelivery | undefined): AppendWaiter {
    if (delivery === undefined) {
      return {
        durable: () => undefined,
        refused: (error) => this.#refused(error, (cause) => diag.error(`otel-audit journal: ${cause.message}`)),
      }
    }
    if (isAuditSlot(delivery)) {
      delivery.defer()
      const toCollector = delivery.durabilityFloor === 'collector'
      return {
        durable: (streamId, sequence, integrityHash) => {
          delivery.confirm({ durability: this.#settings.local(), streamId, sequence, integrityHash })
          if (toCollector) this.#awaitCollector(delivery, { streamId, sequence, integrityHash })
        },
        refused: (error) => this.#refused(error, (cause) => delivery.fail(cause)),
      }
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    delivery.acknowledge(promise)
    return { durable: () => resolve(true), refused: (error) => this.#refused(error, reject) }
  }

  #refused(error: AuditError, tell: (error: AuditError) => void): void {
    this.#settings.metrics.dropped(1, error.code)
    tell(error)
  }

  #awaitCollector(
    slot: AuditSlot,
    place: { readonly streamId: string; readonly sequence: number; readonly integrityHash: string },
  ): void {
    const { delivers, waits } = this.#settings
    if (!delivers) {
      slot.fail(
        new AuditError(
          'not_confirmed',
          'durability: "collector" was asked for, but collector is false: the record is in the journal only',
        ),
      )
      return
    }
    waits.add(place.streamId, {
      number: place.sequence,
      acknowledged: () => slot.confirm({ durability: 'collector', ...place }),
      failed: (error) => slot.fail(error),
    })
  }
}
